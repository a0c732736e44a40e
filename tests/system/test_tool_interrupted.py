# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and Ctrl-C while nydus-overlayctl makes or takes back what a guest is served."""

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess

import pytest
from kata_lab.daemon import mount_points
from kata_lab.inventory import processes_here
from kata_lab.standalone import wait_until
from kata_lab.waiting import is_connected, opened_by, stopped
from mount_lab.running import ENVIRONMENT

pytest_plugins = ["kata_lab.fixtures"]

PATIENCE = 10
SECONDS_TO_GIVE_UP = 0.3


@pytest.fixture
def start():
    """Starts a verb; what still runs at the end of the test is killed."""
    started = []

    def run(*command):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([str(word) for word in command], env=ENVIRONMENT, **streams))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def assert_interrupted(verb):
    out, err = verb.communicate(timeout=PATIENCE)
    assert (verb.returncode, out) == (2, "")
    assert err.startswith("nydus-overlayctl: ") and err.count("\n") == 1 and "interrupted" in err


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT), ids=lambda number: number.name)
def test_creation_leaves_nothing(node, start, tmp_path, number):
    silent = tmp_path / "nydusd"
    silent.write_text("#!/bin/sh\nexec sleep 1000\n")
    silent.chmod(0o755)
    verb = start(node.tool, "sandbox", "create", "t", f"--nydusd={silent}")
    wait_until(lambda: any("sleep" in line for line in processes_here().values()))
    verb.send_signal(number)
    assert_interrupted(verb)
    wait_until(lambda: node.left_over() == [])
    node.sandbox("t").create().delete()


def test_share_leaves_the_name_free(container, start, tmp_path):
    options = tmp_path / "options"
    options.write_text(container.options())
    with stopped(container.sandbox.show()["nydusd"]["pid"]):
        verb = start(container.sandbox.node.tool, "rootfs", "share", "s", "c", options)
        wait_until(lambda: is_connected(verb))
        verb.terminate()
        assert_interrupted(verb)
    assert container.sandbox.show()["containers"] == []
    container.hand_over()


def test_what_takes_back_is_finished(container, start):
    container.hand_over()
    with stopped(container.sandbox.show()["nydusd"]["pid"]):
        verb = start(*container.unshare_command())
        wait_until(lambda: is_connected(verb))
        verb.terminate()
    assert verb.communicate(timeout=PATIENCE) == ("", "")
    assert verb.returncode == 0
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "spent"}]


def connections_of(verb):
    return {path for path in opened_by(verb) if path.startswith("socket:")}


def test_what_takes_back_is_finished_after_a_question_that_nydusd_left_unanswered(container, start):
    container.hand_over()
    with stopped(container.sandbox.show()["nydusd"]["pid"]):
        verb = start(*container.unshare_command())
        wait_until(lambda: is_connected(verb))
        first = connections_of(verb)
        verb.terminate()
        wait_until(lambda: verb.poll() is not None or connections_of(verb) - first)
    assert verb.communicate(timeout=PATIENCE) == ("", "")
    assert verb.returncode == 0
    assert mount_points(container.sandbox.show()["nydusd"]["api_socket"]) == ["/containers"]


def test_file_share_leaves_nothing(sandbox, start):
    container = sandbox.bound_container("c").hand_over()
    with stopped(sandbox.show()["nydusd"]["pid"]):
        verb = start(*container.share_file_command("/etc/hostname"))
        wait_until(lambda: is_connected(verb))
        verb.terminate()
        assert_interrupted(verb)
    assert sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]
    assert os.listdir(sandbox.share / "mounts") == ["c"]


@contextlib.contextmanager
def locked(sandbox):
    directory = os.open(sandbox.state, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def record_of(sandbox):
    return json.loads((sandbox.state / ".sandbox.json").read_text())


def interrupt_before_the_output_is_lost(command, sandbox, is_made):
    """While it undoes what it made, another call has the sandbox. What it says at last."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(select.PIPE_BUF))
    os.set_blocking(writer, True)
    streams = {"stdin": subprocess.DEVNULL, "stdout": writer, "stderr": subprocess.PIPE, "text": True}
    verb = subprocess.Popen([str(word) for word in command], env=ENVIRONMENT, **streams)
    try:
        os.close(writer)
        wait_until(is_made)
        with locked(sandbox):
            verb.terminate()
            os.close(reader)
            wait_until(lambda: verb.poll() is not None or str(sandbox.state) in opened_by(verb))
            with contextlib.suppress(subprocess.TimeoutExpired):
                verb.wait(timeout=SECONDS_TO_GIVE_UP)
        return verb.communicate(timeout=PATIENCE)[1]
    finally:
        verb.kill()
        verb.wait()


def test_undo_of_a_file_that_nobody_knows_is_finished(sandbox):
    container = sandbox.bound_container("c").hand_over()

    def is_shared():
        (shown,) = record_of(sandbox)["containers"]
        return [file["shared"] for file in shown["files"]] == [True]

    error = interrupt_before_the_output_is_lost(container.share_file_command("/etc/hostname"), sandbox, is_shared)
    assert error.count("\n") == 1 and "cannot write the output" in error and "interrupted" not in error
    assert sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]
    assert os.listdir(sandbox.share / "mounts") == ["c"]


def test_undo_of_a_sandbox_that_nobody_knows_is_finished(node):
    sandbox = node.sandbox("t")

    def is_ready():
        return (sandbox.state / ".sandbox.json").exists() and record_of(sandbox)["phase"] == "ready"

    error = interrupt_before_the_output_is_lost(sandbox.create_command(), sandbox, is_ready)
    assert error.count("\n") == 1 and "cannot write the output" in error and "interrupted" not in error
    assert node.left_over() == []


@pytest.mark.parametrize("verb", ("create", "delete"))
def test_wait_for_a_sandbox_that_another_changes(sandbox, start, verb):
    with locked(sandbox):
        waiting = start(sandbox.node.tool, "sandbox", verb, "s")
        wait_until(lambda: str(sandbox.state) in opened_by(waiting))
        waiting.terminate()
        assert_interrupted(waiting)
    assert sandbox.show()["nydusd"]["state"] == "RUNNING"
