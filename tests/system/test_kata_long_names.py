# SPDX-License-Identifier: Apache-2.0
"""Sandboxes and containers with names as long as they may be: the path of a socket is shorter."""

from pathlib import Path

import pytest
from kata_lab.node import STATE
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

LONGEST_NAME = 128
CONTAINERD_NAME = 64
LONGEST_SOCKET_PATH = 107
LONGEST_RUNTIME_DIRECTORY = 46


def runtime_directory(size):
    directory = Path("/run/user") / ("1" * (size - len("/run/user/")))
    directory.mkdir(parents=True, mode=0o700)
    return directory


def test_longest_names(node, image_of_version):
    sandbox = node.sandbox("s" * LONGEST_NAME).create()
    container = sandbox.container("c" * LONGEST_NAME, image_of_version["6"]).hand_over()
    nydusd = sandbox.show()["nydusd"]
    for path in (nydusd["api_socket"], nydusd["vhost_socket"]):
        assert Path(path).is_socket() and len(path) <= LONGEST_SOCKET_PATH
    container.unshare()
    sandbox.delete()
    assert node.left_over() == []


def test_names_that_differ_at_their_end(node):
    sandboxes = [node.sandbox("s" * (LONGEST_NAME - 1) + end).create() for end in "ab"]
    first, second = (sandbox.show()["nydusd"] for sandbox in sandboxes)
    assert first["state"] == second["state"] == "RUNNING"
    sandboxes[0].delete()
    assert sandboxes[1].show()["nydusd"] == second
    sandboxes[1].delete()
    assert node.left_over() == []


@pytest.mark.parametrize("size", (len("/run/user/4294967294"), LONGEST_RUNTIME_DIRECTORY))
def test_runtime_directory_of_a_user(node, size):
    """With a sandbox's name as containerd makes them."""
    sandbox = node.sandbox("s" * CONTAINERD_NAME)
    flag = f"--rootless-dir={runtime_directory(size)}"
    check(run(*sandbox.create_command(), flag))
    check(run(*sandbox.delete_command(), flag))


def test_runtime_directory_that_is_too_long(node):
    directory = runtime_directory(LONGEST_RUNTIME_DIRECTORY + 1)
    outcome = run(*node.sandbox("s").create_command(), f"--rootless-dir={directory}")
    assert (outcome.code, outcome.out) == (1, "")
    assert "of 108 bytes; a socket's path has at most 107 (shorten the runtime directory's path by 1 " in outcome.err
    assert [path.name for path in directory.rglob("*")] == ["nydus-overlayfs"]


def test_state_that_was_removed_by_hand_while_nydusd_runs(node):
    """Its sockets lie elsewhere and are found."""
    sandbox = node.sandbox("s").create()
    record = (sandbox.state / ".sandbox.json").read_bytes()
    (sandbox.state / ".sandbox.json").unlink()
    sandbox.state.rmdir()
    outcome = run(*sandbox.create_command())
    assert outcome.code == 2 and "is lost" in outcome.err and f"remove {STATE}/s and {STATE}/." in outcome.err
    (sandbox.state / ".sandbox.json").write_bytes(record)
    (sandbox.state / ".sandbox.json").chmod(0o600)
    sandbox.delete()
    assert node.left_over() == []
