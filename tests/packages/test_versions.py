# SPDX-License-Identifier: Apache-2.0
"""One version in every place that says it."""

import re
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
VERSION = re.search(r"^project\(nydus-overlayfs VERSION (\d+\.\d+\.\d+) ", (TREE / "CMakeLists.txt").read_text(), re.M)[1]

# Where else it is written: the file, and the expression whose first match is the newest version there.
PLACES = {
    "packaging/debian/changelog": r"^nydus-overlayfs \(([^)-]+)-[^)]+\) ",
    "packaging/rpm/nydus-overlayfs.spec": r"^Version:\s*(\S+)$",
}


@pytest.mark.parametrize("name", [name for name in PLACES if (TREE / name).exists()])
def test_place_has_the_version_of_the_build(name):
    assert re.search(PLACES[name], (TREE / name).read_text(), re.M)[1] == VERSION


def test_changelog_ends_with_this_version_or_prepares_it():
    headings = re.findall(r"^## \[([^]]+)\]", (TREE / "CHANGELOG.md").read_text(), re.M)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert headings[:1] == ["Unreleased"] or released[:1] == [VERSION]
    # While a version is being prepared, what was released before is older.
    assert all(tuple(map(int, old.split("."))) <= tuple(map(int, VERSION.split("."))) for old in released)
