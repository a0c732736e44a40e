# SPDX-License-Identifier: Apache-2.0
"""Sockets that are not a trusted nydusd's. No byte of a payload reaches them, and nothing changes."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from kata_lab.picture import unchanged
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

NOBODY = 65534
SETTLING_SECONDS = 10


@pytest.fixture
def place(node):
    """A directory for a socket, as good as can be."""
    place = Path("/run/place")
    place.mkdir(mode=0o700)
    return place / "api.sock"


@pytest.fixture
def container(node, image_of_version):
    """Of a sandbox that does not exist yet. Another one does, so that all directories are there."""
    node.sandbox("first").create()
    return node.sandbox("s").container("c", image_of_version["6"])


class Listener:
    """Takes every connection and remembers what came."""

    def __init__(self, path, user=None):
        self.received = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._listen_as(user)
        threading.Thread(target=self._serve, daemon=True).start()

    def _listen_as(self, user):
        """The kernel remembers who called listen(2)."""
        if user is None:
            self._socket.listen()
            return
        child = os.fork()
        if child == 0:
            os.setuid(user)
            self._socket.listen()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self._socket.accept()[0]
                connection.settimeout(1)
                with connection, contextlib.suppress(OSError):
                    while data := connection.recv(65536):
                        self.received += data

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listen():
    listeners = []

    def start(path, user=None):
        listeners.append(Listener(path, user))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def commands(container, api_socket):
    tool = container.sandbox.node.tool
    return [
        [tool, "sandbox", "create", container.sandbox.name, f"--apisock={api_socket}"],
        container.hand_over_command(f"nydus.apisock={api_socket},{container.options()}"),
        [tool, "nydusd", "status", f"--apisock={api_socket}"],
    ]


def assert_refused(container, api_socket, *words):
    node = container.sandbox.node
    with unchanged("/run", node.directory):
        for command in commands(container, api_socket):
            outcome = run(*command)
            assert outcome.code != 0, (command, outcome)
            assert outcome.err.count("\n") == 1
            for word in words:
                assert word in outcome.err, (command, outcome)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o770, 0o777, 0o1777], ids=oct)
def test_directory_that_others_can_write(container, place, listen, mode):
    listener = listen(place)
    place.parent.chmod(mode)
    assert_refused(container, place, "can be written by group or others")
    assert listener.received == b""


def test_directory_of_another_user(container, place, listen):
    listener = listen(place)
    os.chown(place.parent, NOBODY, NOBODY)
    assert_refused(container, place, "is owned by neither root nor this user")
    assert listener.received == b""


def test_socket_of_another_user(container, place, listen):
    listener = listen(place)
    os.chown(place, NOBODY, NOBODY)
    assert_refused(container, place, "is owned by neither root nor this user")
    assert listener.received == b""


def test_process_of_another_user(container, place, listen):
    """It was given root's socket to listen on."""
    listener = listen(place, NOBODY)
    assert_refused(container, place, f"is served by user {NOBODY}")
    assert listener.received == b""


def test_link_to_a_socket(container, place, listen):
    listener = listen(place)
    place.with_name("link").symlink_to(place)
    assert_refused(container, place.with_name("link"), "is no socket")
    assert listener.received == b""


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, Path.touch], ids=lambda make: make.__name__)
def test_something_else_than_a_socket(container, place, make):
    make(place)
    assert_refused(container, place, "is no socket")


def test_long_path(container, place):
    assert_refused(container, place.with_name("x" * 100), "107 bytes")


# Beside a sandbox


@pytest.fixture
def sandbox(node, place):
    """Around an nydusd of its own owner's."""
    share = place.with_name("share")
    share.mkdir()
    sockets = ["--apisock", place, "--sock", place.with_name("vhost.sock")]
    command = [node.nydusd, "virtiofs", *sockets, "--rlimit-nofile", "0"]
    daemon = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + SETTLING_SECONDS
    while not place.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    sandbox = node.sandbox("s")
    check(node.run_tool("sandbox", "create", "s", f"--apisock={place}"))
    sandbox.daemon = daemon
    yield sandbox
    daemon.kill()
    daemon.wait()
    sandbox.delete()
    place.unlink(missing_ok=True)
    place.with_name("vhost.sock").unlink(missing_ok=True)
    share.rmdir()
    place.parent.rmdir()
    assert node.left_over() == []


def secrets_of(container):
    return [str(word).encode() for word in (container.snapshot, container.cache, container.image.bootstrap)]


def test_other_listener_beside_a_live_nydusd(sandbox, place, listen, image_of_version):
    container = sandbox.container("c", image_of_version["6"]).hand_over()
    new = sandbox.container("new", image_of_version["6"])
    place.rename(place.with_name("moved"))
    listener = listen(place)
    with unchanged("/run", sandbox.node.directory):
        for command in (new.hand_over_command(), container.unshare_command()):
            outcome = run(*command)
            assert outcome.code != 0, outcome
    assert not any(secret in listener.received for secret in secrets_of(container) + secrets_of(new))
    assert b"POST" not in listener.received and b"DELETE" not in listener.received
    listener.close()
    place.unlink()
    place.with_name("moved").rename(place)
    container.unshare()


def test_other_listener_after_nydusds_death(sandbox, place, listen, image_of_version):
    container = sandbox.container("c", image_of_version["6"]).hand_over()
    sandbox.daemon.send_signal(signal.SIGKILL)
    sandbox.daemon.wait()
    place.unlink()
    listener = listen(place)
    outcome = run(*sandbox.container("new", image_of_version["6"]).hand_over_command())
    assert outcome.code == 32 and "has died" in outcome.err, outcome
    container.unshare()
    sandbox.delete()
    assert listener.received == b""
    listener.close()
