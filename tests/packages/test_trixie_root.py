# SPDX-License-Identifier: Apache-2.0
"""tests/cross/trixie-root around a build that is quick: where its packages come to lie."""

import os
import shutil
import subprocess

import pytest
from package_lab.artefacts import TREE

FROM_THIS_TREE = ("tests/cross/trixie-root", "tests/setup/library.sh", "packaging/debian/control")
SOURCE_PACKAGE = "#!/bin/sh\nmkdir -p \"$4\"\ntouch \"$4/nydus-overlayfs.dsc\"\n"
# Stands for the namespaces of mmdebstrap and of the build, whose folder is the last argument but one.
UNSHARE = """#!/bin/bash
case $* in
  *mmdebstrap*) ;;
  *--build-packages*) touch "${@: -2:1}"/{build.log,nydus-overlayfs.changes} ;;
  *) exit 1 ;;
esac
"""


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    for name in FROM_THIS_TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TREE / name, folder / name)
    for path, text in ((folder / "packaging/debian/build", SOURCE_PACKAGE), (tmp_path / "programs/unshare", UNSHARE)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return folder


def build(tree, *arguments):
    programs = tree.parent / "programs"
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "NYDUS_TEST_CACHE": str(tree.parent / "cache")}
    command = [tree / "tests/cross/trixie-root", *arguments]
    finished = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert finished.returncode == 0, finished.stdout


def test_packages_come_into_the_folder_that_is_named(tree):
    build(tree, "--packages", tree / "build/packages/debian13")
    assert (tree / "build/packages/debian13/nydus-overlayfs.changes").exists()


def test_without_one_packages_that_bear_a_stamp_stay_alone(tree):
    stamped = tree / "build/packages/debian13"
    stamped.mkdir(parents=True)
    (stamped / ".sources").touch()
    build(tree)
    assert [path.name for path in stamped.iterdir()] == [".sources"]
    assert (tree / "build/trixie-root/nydus-overlayfs.changes").exists()
