# SPDX-License-Identifier: Apache-2.0
"""The built programs as files.

NYDUS_CHECK_INSTALLED  what `cmake --install` made, below this folder
NYDUS_REQUIRE          with `binary` in it, a missing program is a failure
"""

import os
import pathlib
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]

# The programs by the name that tests use: builds of the helper, and the tool.
PROGRAMS = {
    build: TREE / "build" / build / "mount_helper" / "mount.fuse.nydus-overlayfs" for build in ("musl", "static", "shared")
}
PROGRAMS["tool"] = TREE / "build" / "release" / "ctl" / "nydus-overlayctl"


def unavailable(reason):
    if "binary" in os.environ.get("NYDUS_REQUIRE", "").split(","):
        pytest.fail(reason, pytrace=False)
    pytest.skip(f"binary: {reason}")


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


class Binary:
    """An ELF file as readelf tells of it."""

    def __init__(self, path):
        self.path = path
        self.header = output_of("readelf", "-hW", path)
        self.segments = output_of("readelf", "-lW", path)
        self.dynamic = output_of("readelf", "-dW", path)
        self.symbols = output_of("nm", path)

    def needed(self):
        lines = [line for line in self.dynamic.splitlines() if "(NEEDED)" in line]
        return {line[line.index("[") + 1 : line.index("]")] for line in lines}


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
