# SPDX-License-Identifier: Apache-2.0
"""One version in every place that says it."""

import re
import subprocess
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
VERSION = re.search(r"^project\(nydus-overlayfs VERSION (\d+\.\d+\.\d+) ", (TREE / "CMakeLists.txt").read_text(), re.M)[1]


def test_packages_have_the_version_of_the_build():
    command = ["bash", "-ec", 'source "$0"; check_versions', TREE / "packaging/identity.sh"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (finished.returncode, finished.stdout) == (0, "")


def test_changelog_ends_with_this_version_or_prepares_it():
    headings = re.findall(r"^## \[([^]]+)\]", (TREE / "CHANGELOG.md").read_text(), re.M)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert headings[:1] == ["Unreleased"] or released[:1] == [VERSION]
    # While a version is being prepared, what was released before is older.
    assert all(tuple(map(int, old.split("."))) <= tuple(map(int, VERSION.split("."))) for old in released)
