# SPDX-License-Identifier: Apache-2.0
"""The built programs as files.

NYDUS_CHECK_INSTALLED  what `cmake --install` made, below this folder
NYDUS_REQUIRE          with `binary` in it, a missing program is a failure
"""

import os
import pathlib
import sys

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests" / "support" / "python"))

from binary_lab import Binary  # noqa: E402

# The programs by the name that tests use: builds of the helper, and the tool.
PROGRAMS = {
    build: TREE / "build" / build / "mount_helper" / "mount.fuse.nydus-overlayfs" for build in ("musl", "static", "shared")
}
PROGRAMS["tool"] = TREE / "build" / "release" / "ctl" / "nydus-overlayctl"


def unavailable(reason):
    if "binary" in os.environ.get("NYDUS_REQUIRE", "").split(","):
        pytest.fail(reason, pytrace=False)
    pytest.skip(f"binary: {reason}")


@pytest.fixture(scope="session")
def binary_of():
    def find(program):
        path = PROGRAMS[program]
        if not path.exists():
            unavailable(f"{path} is not built: cmake --workflow or tests/check helpers")
        return Binary(path)

    return find


@pytest.fixture(scope="session")
def installed():
    folder = os.environ.get("NYDUS_CHECK_INSTALLED", "")
    if not folder or not pathlib.Path(folder).is_dir():
        unavailable("nothing is installed: tests/check helpers")
    return pathlib.Path(folder)
