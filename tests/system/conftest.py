# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the system tests: which helpers to test, and when a missing neighbour is a failure.

NYDUS_HELPERS  the builds of the helper, such as musl=PATH,static=PATH; the first one gets the long tests too
NYDUS_TOOL     the nydus-overlayctl to test
NYDUS_PAYLOAD_COUNTERPART  tests/system/payload_counterpart.cc, built
NYDUS_REQUIRE  kinds of tests that must not be skipped, such as system,guest
"""

import functools
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support" / "python"))

# Who starts the tests may ignore these, as a shell does for what runs in the background, and nohup; the programs must
# not.
for ending in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(ending) == signal.SIG_IGN:
        signal.signal(ending, signal.SIG_DFL)

from nydus_stack import layers  # noqa: E402
from nydus_stack.private_namespace import enter_private_namespace  # noqa: E402
from nydus_stack.programs import MissingProgram, Programs  # noqa: E402

KIND = "system"


@dataclass(frozen=True)
class Helper:
    """One build of the mount helper."""

    name: str
    path: Path


@functools.cache
def helpers_under_test():
    listing = os.environ.get("NYDUS_HELPERS", "")
    helpers = []
    for entry in filter(None, listing.split(",")):
        name, _, path = entry.partition("=")
        helpers.append(Helper(name, Path(path).absolute()))
    return tuple(helpers)


def skip(kind, reason):
    """Skips the test, unless whoever runs the tests demands this kind."""
    if kind in os.environ.get("NYDUS_REQUIRE", "").split(","):
        pytest.fail(f"{kind} tests are required but cannot run: {reason}", pytrace=False)
    pytest.skip(f"{kind}: {reason}")


_obstacle = {}


def obstacle_to_mounting():
    """Moves to a private mount namespace; if that cannot be, says why."""
    if os.geteuid() != 0:
        return "containerd and the mounts need root"
    try:
        enter_private_namespace()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no private mount namespace: {error}"
    return None


def pytest_configure(config):
    helpers = helpers_under_test()
    if not helpers:
        raise pytest.UsageError("NYDUS_HELPERS is not set: say which builds to test, such as NYDUS_HELPERS=musl=PATH")
    for helper in helpers:
        if not os.access(helper.path, os.X_OK):
            raise pytest.UsageError(f"NYDUS_HELPERS: {helper.path} is not a program")
    _obstacle["text"] = obstacle_to_mounting()


def pytest_generate_tests(metafunc):
    helpers = helpers_under_test()
    for name, chosen in (("helper", helpers), ("first_helper", helpers[:1])):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, chosen, ids=[helper.name for helper in chosen], scope="module")


@pytest.fixture(scope="session")
def tool():
    """The nydus-overlayctl to test."""
    path = Path(os.environ.get("NYDUS_TOOL", ""))
    if not (path.is_file() and os.access(path, os.X_OK)):
        pytest.fail("NYDUS_TOOL is not set to a program", pytrace=False)
    return path.absolute()


@pytest.fixture(scope="session")
def root():
    """What every test with real mounts needs: to be root, in a mount namespace of its own."""
    if _obstacle["text"]:
        skip(KIND, _obstacle["text"])


@pytest.fixture(scope="session")
def programs(root):
    """All programs of the neighbours; a test that needs one that is not there is skipped here."""
    found = Programs()
    try:
        for version in ("1.6", "1.7", "2.4"):
            found.containerd_directory(version)
        for name in ("debian", "snapshotter", "registry", "puller", "nydusd", "nydus_image"):
            getattr(found, name)
    except MissingProgram as missing:
        skip(KIND, str(missing))
    return found


@pytest.fixture(scope="session")
def sample_layers(programs, tmp_path_factory):
    directory = tmp_path_factory.mktemp("layers")
    program = directory / "show-user-ids"
    source = Path(__file__).with_name("show_user_ids.c")
    subprocess.run(["cc", "-O2", "-static", "-o", program, source], check=True)
    return layers.write_sample_layers(directory, programs.busybox, program)


@pytest.fixture(params=["full", "closed"])
def unwritable(request):
    """A standard output that takes nothing, or that nobody reads any more."""
    if request.param == "full":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, descriptor = os.pipe()
        os.close(reader)
    yield descriptor
    os.close(descriptor)
