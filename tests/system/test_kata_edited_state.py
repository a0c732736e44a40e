# SPDX-License-Identifier: Apache-2.0
"""State that was changed by hand, and processes that took over a recorded process ID.

Whatever can be noticed is refused by every call, with nothing changed; what cannot does no harm outside the sandbox.
"""

import json
import os
from pathlib import Path

import pytest
from kata_lab.picture import unchanged
from mount_lab.running import run

pytest_plugins = ["kata_lab.fixtures"]

NOBODY = 65534
STATE_ROOT = Path("/run/nydus-overlayfs")
LARGEST_STATE = 4 * 1024 * 1024


@pytest.fixture
def sandbox(node, tmp_path):
    bound = tmp_path / "bound"
    bound.mkdir()
    sandbox = node.sandbox("s", "go", f"--bind={bound}").create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def container(sandbox, image_of_version):
    return sandbox.container("c", image_of_version["6"]).hand_over()


@pytest.fixture
def record(sandbox, container):
    """The state file, with one container in it; put back in the end."""
    path = sandbox.state / ".sandbox.json"
    text = path.read_text()
    yield path
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()
    path.write_text(text)
    path.chmod(0o600)


def edit(record, *way, value):
    """Changes the member to which these keys and indexes lead."""
    content = json.loads(record.read_text())
    holder = content
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    record.write_text(json.dumps(content))


def commands(container):
    sandbox = container.sandbox
    words = ("show", "--json", sandbox.name)
    return [
        [sandbox.node.tool, "sandbox", *words],
        sandbox.create_command(),
        sandbox.delete_command(),
        container.hand_over_command(),
        container.unshare_command(),
    ]


def assert_all_refused(container, *words):
    """By every call that looks at the sandbox."""
    node = container.sandbox.node
    with unchanged("/run", node.directory):
        for command in commands(container):
            outcome = run(*command)
            assert outcome.code != 0, (command, outcome)
            assert outcome.err.count("\n") == 1
            for word in words:
                assert word in outcome.err, outcome


LONG = "x" * 129
CONTAINER = ("containers", 0)
NYDUSD = ("nydusd", 0)
EDITS = [
    (("version",), 2),
    (("version",), "1"),
    (("id",), "other"),
    (("id",), "../s"),
    (("phase",), "finished"),
    (("phase",), 1),
    (("layout",), "c"),
    (("request_digest",), "0" * 63),
    (("request_digest",), "g" * 64),
    (("view_mount",), -1),
    (("view_mount",), "1"),
    (("view_mount",), 1.5),
    (("view_mount",), 1 << 64),
    (("binds",), None),
    (("binds",), [{"name": "n", "mount": 1}] * 65),
    (("binds", 0, "name"), ""),
    (("binds", 0, "name"), ".."),
    (("binds", 0, "name"), "../../etc"),
    (("binds", 0, "name"), "a\0b"),
    (("binds", 0, "mount"), None),
    (("own_nydusd",), "true"),
    (("own_nydusd",), False),
    (("nydusd",), {}),
    ((*NYDUSD, "pid"), 0),
    ((*NYDUSD, "pid"), 1),
    ((*NYDUSD, "pid"), -1),
    ((*NYDUSD, "pid"), 1 << 31),
    ((*NYDUSD, "start_time"), -1),
    ((*NYDUSD, "boot_id"), 7),
    (("api_socket",), "api.sock"),
    (("api_socket",), "/" + "x" * 4096),
    (("vhost_socket",), "../vhost.sock"),
    (("vhost_socket",), ""),
    (("log_file",), "log"),
    (("log_file",), ""),
    (("mounts_made",), -1),
    (("containers",), {}),
    ((*CONTAINER, "id"), ".."),
    ((*CONTAINER, "id"), "../../etc"),
    ((*CONTAINER, "id"), ".hidden"),
    ((*CONTAINER, "id"), LONG),
    ((*CONTAINER, "phase"), "ready"),
    ((*CONTAINER, "request_digest"), ""),
    ((*CONTAINER, "rafs"), 1),
    ((*CONTAINER, "bind_mount"), -1),
    ((*CONTAINER, "direct_volume"), "etc"),
    ((*CONTAINER, "direct_volume_inode"), -1),
    ((*CONTAINER, "unknown"), 1),
    (("unknown",), {}),
]


@pytest.mark.parametrize(("way", "value"), EDITS, ids=lambda part: repr(part)[:40])
def test_edited_member(container, record, way, value):
    edit(record, *way, value=value)
    assert_all_refused(container, str(record), "somebody changed it")


REMOVED = [("version",), ("phase",), ("nydusd",), (*NYDUSD, "boot_id"), (*CONTAINER, "rafs")]


@pytest.mark.parametrize("way", REMOVED, ids=str)
def test_removed_member(container, record, way):
    content = json.loads(record.read_text())
    holder = content
    for step in way[:-1]:
        holder = holder[step]
    del holder[way[-1]]
    record.write_text(json.dumps(content))
    assert_all_refused(container, str(record), "is missing")


def test_container_twice(container, record):
    content = json.loads(record.read_text())
    content["containers"] *= 2
    record.write_text(json.dumps(content))
    assert_all_refused(container, str(record), "twice")


TEXTS = {
    "nothing": "",
    "half of it": '{"version":1,"id":"s",',
    "no object": "[]",
    "not JSON": "version = 1\n",
    "not text": "\udcff\udcfe",
    "a member twice": '{"version":1,"version":1}',
    "deep": "[" * 100_000,
    "long": " " * (LARGEST_STATE + 1),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_other_text(container, record, text):
    record.write_bytes(text.encode(errors="surrogateescape"))
    assert_all_refused(container, str(record))


def test_file_that_others_can_read_or_write(container, record):
    for mode in (0o640, 0o604, 0o620, 0o602):
        record.chmod(mode)
        assert_all_refused(container, str(record))


def test_file_of_another_user(container, record):
    os.chown(record, NOBODY, NOBODY)
    assert_all_refused(container, str(record))


def test_link_to_the_file(container, record, tmp_path):
    record.rename(record.with_name("renamed"))
    record.symlink_to("renamed")
    assert_all_refused(container, str(record))
    record.with_name("renamed").unlink()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_something_else_than_a_file(container, record, make):
    record.unlink()
    make(record)
    assert_all_refused(container, str(record))


# Directories


@pytest.mark.parametrize("directory", ["root", "sandbox"])
@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777, 0o1777])
def test_directory_that_others_can_enter(container, directory, mode):
    path = {"root": STATE_ROOT, "sandbox": container.sandbox.state}[directory]
    path.chmod(mode)
    assert_all_refused(container, f"{path} is open to group or others")
    path.chmod(0o700)


@pytest.mark.parametrize("directory", ["root", "sandbox"])
def test_directory_of_another_user(container, directory):
    path = {"root": STATE_ROOT, "sandbox": container.sandbox.state}[directory]
    os.chown(path, NOBODY, NOBODY)
    assert_all_refused(container, f"{path} belongs to user ID {NOBODY}")
    os.chown(path, 0, 0)


@pytest.mark.parametrize("directory", ["root", "sandbox"])
def test_link_in_place_of_a_directory(container, directory):
    path = {"root": STATE_ROOT, "sandbox": container.sandbox.state}[directory]
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)
    assert_all_refused(container, str(path))
    path.unlink()
    moved.rename(path)


@pytest.mark.parametrize("part", ["kata-containers", "kata-containers/shared", "kata-containers/shared/sandboxes"])
def test_way_to_the_shares_that_others_can_change(container, part):
    path = Path("/run") / part
    mode = path.stat().st_mode & 0o7777
    for other in (0o770, 0o707, 0o777):
        path.chmod(other)
        with unchanged("/run/kata-containers"):
            for command in (container.hand_over_command(), container.unshare_command()):
                outcome = run(*command)
                assert outcome.code != 0 and f"'{path}' can be written by group or others" in outcome.err, outcome
    path.chmod(mode)
