# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the package tests: packages of this tree, installed on machines that were just set up.

NYDUS_REQUIRE  kinds of tests that must not be skipped; this one is `packages`
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support" / "python"))

from nydus_stack.programs import MissingProgram, Programs  # noqa: E402
from package_lab.artefacts import NotBuilt  # noqa: E402
from package_lab.debian_packages import DebianMachine, packages_of  # noqa: E402
from package_lab.fresh_root import FreshRoot  # noqa: E402

KIND = "packages"
RELEASES = ("debian12", "debian13")
SHOW_USER_IDS = Path(__file__).resolve().parents[1] / "system" / "show_user_ids.c"


def pytest_collection_modifyitems(items):
    if os.geteuid() == 0:
        return
    if KIND in os.environ.get("NYDUS_REQUIRE", "").split(","):
        raise pytest.UsageError(f"{KIND} tests are required but cannot run: installing packages needs root")
    for item in items:
        item.add_marker(pytest.mark.skip(reason=f"{KIND}: installing packages needs root"))


@pytest.fixture(params=RELEASES, scope="module")
def release(request):
    """The Debian that a test runs on."""
    return request.param


def packages_or_failure(release, older=False):
    try:
        return packages_of(release, older)
    except NotBuilt as reason:
        return pytest.fail(str(reason), pytrace=False)


@pytest.fixture(scope="module")
def packages(release):
    """Our packages for that Debian."""
    return packages_or_failure(release)


@pytest.fixture(scope="session")
def older():
    """The same tree packed as version 0.0.9 for Debian 12; on Debian 13 leaving it is a change of the release, too."""
    return packages_or_failure("debian12", older=True)


@pytest.fixture
def plain(release):
    """A machine where nothing but Debian's smallest installation is."""
    with FreshRoot(release, "plain") as root:
        yield DebianMachine(root)


@pytest.fixture
def node(release):
    """A machine with containerd, runc and fuse3 of that Debian."""
    with FreshRoot(release, "node") as root:
        yield DebianMachine(root)


@pytest.fixture(scope="session")
def go_helper():
    """The Go program nydus-overlayfs of nydus-snapshotter."""
    try:
        return Programs().go_helper
    except MissingProgram as missing:
        return pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def show_user_ids(tmp_path_factory):
    """A program that is installed set-user-ID in containers, and says as whom it runs."""
    program = tmp_path_factory.mktemp("program") / "show-user-ids"
    subprocess.run(["cc", "-O2", "-static", "-o", program, SHOW_USER_IDS], check=True)
    return program
