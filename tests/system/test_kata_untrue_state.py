# SPDX-License-Identifier: Apache-2.0
"""State that is well-formed and not true: a process ID that another process has by now, members changed by hand.

What cannot be noticed does no harm to anything outside the sandbox.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from kata_lab.daemon import mount_points
from kata_lab.picture import unchanged
from kata_lab.standalone import wait_until
from mount_lab.records import records_at
from mount_lab.running import run

pytest_plugins = ["kata_lab.fixtures"]

ATTEMPTS = 200


@pytest.fixture
def sandbox(node):
    sandbox = node.sandbox("s").create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def container(sandbox, image_of_version):
    return sandbox.container("c", image_of_version["6"]).hand_over()


def record_of(sandbox):
    return sandbox.state / ".sandbox.json"


def recorded(sandbox):
    return json.loads(record_of(sandbox).read_text())


@contextlib.contextmanager
def edited(sandbox, *way, value):
    """The member to which these keys and indexes lead is changed for the time of the block."""
    text = record_of(sandbox).read_text()
    content = json.loads(text)
    holder = content
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    record_of(sandbox).write_text(json.dumps(content))
    try:
        yield
    finally:
        if sandbox.state.exists():
            record_of(sandbox).write_text(text)


def refused(command, *words):
    outcome = run(*command)
    assert outcome.code != 0, outcome
    assert outcome.err.count("\n") == 1
    for word in words:
        assert word in outcome.err, outcome


# Processes


def nydusd_of(sandbox):
    return recorded(sandbox)["nydusd"][0]["pid"]


def end(pid):
    """Ends a process that is no child of this one."""
    watch = os.pidfd_open(pid)
    signal.pidfd_send_signal(watch, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    os.close(watch)


@contextlib.contextmanager
def running_process(pid=None):
    """A process that nobody has asked to end, with this ID if one is named."""
    for _ in range(ATTEMPTS):
        if pid is not None:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        process = subprocess.Popen(["sleep", "600"])
        if pid in (None, process.pid):
            break
        process.kill()
        process.wait()
    else:
        pytest.fail(f"process ID {pid} cannot be had again")
    try:
        # Popen returns before the kernel has put the new arguments in place: a picture would change by itself.
        wait_until(lambda: Path(f"/proc/{process.pid}/cmdline").read_bytes() == b"sleep\x00600\x00")
        yield process
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_recycled_process_id(sandbox, container, image_of_version):
    new = sandbox.container("d", image_of_version["6"])
    pid = nydusd_of(sandbox)
    end(pid)
    with running_process(pid):
        with unchanged("/run", sandbox.node.directory):
            refused(new.hand_over_command(), "has died")
            refused(container.hand_over_command(), "has died")
            refused(sandbox.create_command(), "has died")
        container.unshare()
        sandbox.delete()
    assert sandbox.node.left_over() == []


@pytest.mark.parametrize(
    ("member", "value"), [("pid", None), ("start_time", 1), ("boot_id", "00000000-0000-0000-0000-000000000000")]
)
def test_identity_of_another_process(sandbox, container, member, value):
    """nydusd lives, but the state knows another process. Nobody is ended, and nothing taken from under a guest."""
    pid = nydusd_of(sandbox)
    with running_process() as innocent:
        with edited(sandbox, "nydusd", 0, member, value=value or innocent.pid), unchanged("/run", sandbox.node.directory):
            for command in (container.hand_over_command(), sandbox.create_command(), sandbox.delete_command()):
                refused(command)
            refused(container.unshare_command())
    assert Path(f"/proc/{pid}").exists()


# Sockets


@pytest.fixture
def other(node, image_of_version):
    """Another sandbox with a container of the same name, which must not notice anything."""
    other = node.sandbox("other").create()
    container = other.container("c", image_of_version["6"]).hand_over()
    before = mount_points(recorded(other)["api_socket"])
    yield other
    assert mount_points(recorded(other)["api_socket"]) == before
    assert len(records_at(container.bind())) == len(records_at(container.seen_by_guest())) == 1
    other.delete()


def test_socket_of_another_sandbox(sandbox, container, other):
    with edited(sandbox, "api_socket", value=recorded(other)["api_socket"]), unchanged("/run", sandbox.node.directory):
        refused(container.hand_over_command(), "another process")
        refused(container.unshare_command(), "another process")
        refused(sandbox.delete_command())


@pytest.mark.parametrize("name", ["vhost_socket", "api_socket", "log_file"])
def test_file_in_place_of_a_socket(sandbox, container, name):
    victim = Path("/run/victim.log")
    victim.write_text("precious")
    with edited(sandbox, name, value=str(victim)):
        for command in (container.unshare_command(), sandbox.delete_command()):
            run(*command)
        assert victim.read_text() == "precious"
    victim.unlink()


def test_live_socket_of_somebody_else(sandbox, container):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("/run/victim.sock")
        listener.listen()
        with edited(sandbox, "vhost_socket", value="/run/victim.sock"):
            run(*sandbox.delete_command())
        assert Path("/run/victim.sock").is_socket()
    Path("/run/victim.sock").unlink()


# Mounts


@pytest.mark.parametrize("way", [("view_mount",), ("containers", 0, "bind_mount")], ids=lambda way: way[-1])
@pytest.mark.parametrize("of", [("view_mount",), ("containers", 0, "bind_mount")], ids=lambda way: way[-1])
def test_mount_of_another_sandbox(sandbox, container, other, way, of):
    """Its own mount is not found then, so that nothing can be removed, and it says so."""
    value = recorded(other)
    for step in of:
        value = value[step]
    with edited(sandbox, *way, value=value):
        refused(sandbox.delete_command(), "something is mounted there")
        assert records_at(sandbox.share / "shared") or records_at(container.bind())


def test_share_of_another_sandbox(sandbox, container, other):
    with edited(sandbox, "share_inode", value=recorded(other)["share_inode"]), unchanged("/run", sandbox.node.directory):
        refused(container.hand_over_command(), "is gone")
        refused(container.unshare_command(), "is gone")
        refused(sandbox.delete_command(), "is not the directory that was made")


@pytest.mark.parametrize("name", ["mount_namespace", "process_namespace"])
def test_sandbox_of_another_namespace(sandbox, container, name):
    with edited(sandbox, name, value=1), unchanged("/run", sandbox.node.directory):
        for command in (container.hand_over_command(), container.unshare_command(), sandbox.delete_command()):
            refused(command, "another mount or process namespace")
