# SPDX-License-Identifier: Apache-2.0
"""What a hostile guest of the layout rs does while a file is being shared, between two of the tool's steps."""

import contextlib
import subprocess

import pytest
from kata_lab.refusal import refused
from kata_lab.standalone import wait_until
from mount_lab.records import mounts_of

pytest_plugins = ["kata_lab.fixtures"]

# A file is mounted in rw/, and its copy in ro/.
BOTH_VIEWS = 2
# Microseconds.
SLOWNESS = 500_000
PATIENCE_SECONDS = 30


@pytest.fixture
def sandbox(node):
    sandbox = node.sandbox("s", "rs").create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def guest(sandbox):
    """The share as the guest sees it."""
    return sandbox.share / "rw"


@pytest.fixture
def container(sandbox):
    return sandbox.bound_container("c").hand_over()


@pytest.fixture
def other_with_volume(sandbox, container):
    """A later container d, and a directory that is to be its file."""
    source = sandbox.node.directory / "volume"
    source.mkdir()
    (source / "kept").write_text("kept")
    yield sandbox.bound_container("d").hand_over(), source
    assert (source / "kept").exists()


@contextlib.contextmanager
def sharing_file_slowly(container, source, *injections):
    """Yields the file's name once its place is there, which leaves the guest SLOWNESS to act; then it ends."""
    words = [word for injection in injections for word in ("-e", f"inject={injection}")]
    strace = ["strace", "-qq", "-o", "/dev/null", *words, "--"]
    process = subprocess.Popen([*strace, *container.share_file_command(source)], stderr=subprocess.PIPE, text=True)
    guest = container.sandbox.share / "rw"
    wait_until(lambda: list(guest.glob(f"{container.name}-*")))
    yield next(guest.glob(f"{container.name}-*")).name
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode != 0


def test_other_directory_where_a_file_is_being_bound(guest, container, other_with_volume):
    """It would hide what the other one holds."""
    with sharing_file_slowly(*other_with_volume, f"mkdirat:delay_exit={SLOWNESS}") as place:
        (guest / place).rename(guest / "moved")
        (guest / "c").rename(guest / place)
    assert mounts_of(other_with_volume[1]) == 0
    container.unshare()
    other_with_volume[0].unshare()


def move_place_into_container(guest, place):
    (guest / place).rename(guest / "c/inner")


def move_container_into_place(guest, place):
    (guest / "c").rename(guest / place / "c")


@pytest.mark.parametrize("move", [move_place_into_container, move_container_into_place])
def test_file_that_hides_or_holds_up_another_container(sandbox, guest, container, other_with_volume, move):
    """Moved right before it is bound, and the tool is killed right after: it goes with the sandbox all the same."""
    killed = ("mount_setattr:signal=SIGKILL:when=2", f"move_mount:delay_enter={SLOWNESS}")
    with sharing_file_slowly(*other_with_volume, *killed) as place:
        move(guest, place)
    assert mounts_of(other_with_volume[1]) == BOTH_VIEWS
    refused(container.unshare_command())
    sandbox.delete()
    assert mounts_of(other_with_volume[1]) == 0
