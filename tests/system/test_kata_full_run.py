# SPDX-License-Identifier: Apache-2.0
"""A file system for state and share that is full: by then, nothing but taking things away makes room again."""

import os

import pytest
from mount_lab import running
from mount_lab.records import table
from mount_lab.running import run

pytest_plugins = ["kata_lab.fixtures"]

MS_REMOUNT = 1 << 5
PAGE = os.sysconf("SC_PAGE_SIZE")
# The guest's own.
ROOM_FOR_GUEST = 64 * PAGE


def limit_run(free):
    """Lets /run grow by so many bytes, and no more."""
    status = os.statvfs("/run")
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    running.mount(None, "/run", None, MS_REMOUNT, f"size={used + free}")


def fill(file):
    """Writes until not a byte fits in any more."""
    with open(file, "wb", buffering=0) as stream:
        for size in (PAGE, 1):
            try:
                while stream.write(bytes(size)):
                    pass
            except OSError:
                continue


@pytest.fixture
def shared_on_full_run(node, image_of_version):
    """The guest has filled the host's /run through its share."""
    sandbox = node.sandbox("s", "rs").create()
    container = sandbox.container("c", image_of_version["6"]).hand_over()
    limit_run(ROOM_FOR_GUEST)
    fill(sandbox.share / "rw" / "filling")
    with pytest.raises(OSError, match="No space left"):
        (sandbox.state / "file").write_text("x")
    (sandbox.state / "file").unlink()
    return container


def assert_not_mounted(container):
    assert str(container.bind()) not in [place for place, _ in table()]


def test_unshare(node, shared_on_full_run):
    shared_on_full_run.unshare()
    assert_not_mounted(shared_on_full_run)
    sandbox = shared_on_full_run.sandbox
    assert sandbox.show()["containers"] in ([], [{"id": "c", "phase": "spent"}])
    sandbox.delete()
    assert node.left_over() == []


def test_delete(node, shared_on_full_run):
    shared_on_full_run.sandbox.delete()
    assert_not_mounted(shared_on_full_run)
    assert node.left_over() == []


def test_hand_over_that_does_not_fit(node, shared_on_full_run, image_of_version):
    """It is undone, and what was shared stays shared."""
    sandbox = shared_on_full_run.sandbox
    before = table()
    container = sandbox.container("d", image_of_version["6"])
    outcome = run(*container.hand_over_command())
    assert outcome.code != 0 and "No space left" in outcome.err, outcome
    assert table() == before
    assert sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def file_on_full_run(node):
    sandbox = node.sandbox("s", "rs").create()
    container = sandbox.bound_container("c").hand_over()
    file = container.share_file("/etc/hostname")
    limit_run(ROOM_FOR_GUEST)
    fill(sandbox.share / "rw" / "filling")
    yield container, file
    sandbox.delete()
    assert node.left_over() == []


def test_file_that_does_not_fit(file_on_full_run):
    container, file = file_on_full_run
    before = table(), sorted(os.listdir(container.sandbox.share / "rw"))
    outcome = run(*container.share_file_command("/etc/hostname"))
    assert outcome.code == 2 and "No space left" in outcome.err and "and then" not in outcome.err, outcome
    assert (table(), sorted(os.listdir(container.sandbox.share / "rw"))) == before
    assert container.sandbox.show()["containers"][0]["files"] == [file["name"]]


def test_unshare_of_a_file(file_on_full_run):
    container, file = file_on_full_run
    for _ in range(2):
        container.unshare_file(file["name"])
        assert file["host_path"] not in [place for place, _ in table()]
        assert not os.path.lexists(file["host_path"])
    (container.sandbox.share / "rw" / "filling").unlink()
    container.unshare_file(file["name"])
    assert "files" not in container.sandbox.show()["containers"][0]


def test_create_with_little_room(node):
    """Wherever it stops, nothing stays."""
    # Directories that outlive sandboxes.
    node.sandbox("first").create().delete()
    codes = []
    for pages in range(16):
        limit_run(pages * PAGE)
        sandbox = node.sandbox(f"s{pages}")
        outcome = run(*sandbox.create_command())
        codes.append(outcome.code)
        if outcome.code == 0:
            sandbox.delete()
        assert node.left_over() == [], (pages, outcome)
    assert set(codes) == {0, 2} and codes == sorted(codes, reverse=True)
