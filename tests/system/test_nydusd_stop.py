# SPDX-License-Identifier: Apache-2.0
"""`nydusd stop` with the real nydusd: it ends the very process that is meant, or none."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from kata_lab.node import Node
from kata_lab.standalone import Standalone, wait_until
from mount_lab.requirements import need_program
from mount_lab.running import check, run

ORDERLY = "has ended: exit status 0"
KILLED = "has ended: signal 9 (Killed)"


@pytest.fixture
def place(root, tool, tmp_path):
    place = Standalone(tmp_path / "place", tool, need_program("nydusd"))
    yield place
    place.close()


@pytest.fixture
def node(root, tool, first_helper, tmp_path):
    node = Node(tmp_path, first_helper.path, tool, need_program("nydusd"))
    yield node
    node.close()


def notice_of(tool):
    _, err = tool.communicate(timeout=30)
    assert tool.returncode == 3
    return err


def send_sigterm(place, nydusd):
    """nydusd takes the signal, and waits for its VMM, or for one to come."""
    os.kill(nydusd, signal.SIGTERM)
    wait_until(lambda: "state_machine thread exits" in place.log.read_text())


def failed(outcome, part, code=2):
    assert (outcome.code, outcome.out) == (code, ""), outcome
    assert outcome.err.count("\n") == 1
    assert part in outcome.err


def test_nydusd_without_a_vmm_ends_in_order(place):
    tool, _ = place.foreground()
    check(place.stop())
    assert ORDERLY in notice_of(tool)
    assert place.left_over() == []


def test_nydusd_whose_vmm_has_left_ends_in_order(place):
    tool, _ = place.foreground()
    place.attach_vmm().close()
    check(place.stop())
    assert ORDERLY in notice_of(tool)
    assert place.left_over() == []


def test_nydusd_whose_vmm_stays_is_killed_in_the_end(place):
    tool, _ = place.foreground()
    with place.attach_vmm():
        check(place.stop())
    assert KILLED in notice_of(tool)
    assert place.left_over() == []


def test_nydusd_whose_vmm_leaves_meanwhile_ends_in_order(place):
    tool, nydusd = place.foreground()
    with place.attach_vmm():
        send_sigterm(place, nydusd)
        assert tool.poll() is None
    assert ORDERLY in notice_of(tool)
    assert place.left_over() == []


def test_nydusd_that_waits_after_sigterm_is_stopped_all_the_same(place):
    """It must not be asked anything in that state: it would abort."""
    tool, nydusd = place.foreground()
    send_sigterm(place, nydusd)
    assert tool.poll() is None
    check(place.stop())
    assert ORDERLY in notice_of(tool)
    assert place.left_over() == []


def test_nydusd_that_somebody_else_started_is_stopped(place):
    command = [place.nydusd, "virtiofs", "--sock", place.vhost_socket, "--apisock", place.api_socket]
    check(run("sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *command, "--rlimit-nofile", "0"))
    wait_until(place.api_socket.exists)
    check(place.stop())
    assert place.left_over() == []


def test_nydusd_with_relative_paths_is_stopped(place):
    command = [place.nydusd, "virtiofs", "-A", place.api_socket.name, "--sock", place.vhost_socket.name]
    script = 'cd "$0" && "$@" >/dev/null 2>&1 &'
    check(run("sh", "-c", script, place.directory, *command, "--rlimit-nofile", "0", "--log-file", place.log))
    wait_until(place.api_socket.exists)
    check(place.stop())
    assert place.left_over() == []


def test_nydusd_that_does_not_answer_is_stopped(place):
    tool, nydusd = place.foreground()
    os.kill(nydusd, signal.SIGSTOP)
    check(place.stop())
    assert KILLED in notice_of(tool)
    assert place.left_over() == []


# Listens, and tells of SIGTERM by its exit code; with "ask" it runs the rest of its arguments as a command.
LISTENER = """
import os, signal, socket, subprocess, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
signal.signal(signal.SIGTERM, lambda *_: os._exit(77))
if sys.argv[2] == "ask":
    sys.exit(subprocess.call(sys.argv[3:]))
print("listens", flush=True)
signal.pause()
"""


ARGUMENTS_OF_OTHERS = {"none": (), "other-socket": ("--apisock", "/run/other.sock"), "address": ("--address={}",)}


@pytest.mark.parametrize("name", ARGUMENTS_OF_OTHERS)
def test_process_that_is_no_nydusd_is_left_alone(place, name):
    """A mistyped path must not end containerd."""
    arguments = [word.format(place.api_socket) for word in ARGUMENTS_OF_OTHERS[name]]
    command = [sys.executable, "-c", LISTENER, place.api_socket, "wait", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as listener:
        assert listener.stdout.readline() == b"listens\n"
        failed(place.stop(), f"process {listener.pid}, which listens on '{place.api_socket}', is no nydusd", code=1)
        assert listener.poll() is None
        listener.kill()
    assert place.api_socket.exists()


def test_process_1_is_left_alone(place):
    """The kernel names it for each socket that systemd keeps for a service, whatever its command line is."""
    listen = [sys.executable, "-c", LISTENER, place.api_socket, "ask", *place.stop_command()]
    command = ["unshare", "--pid", "--fork", "--mount-proc", *listen]
    failed(run(*command), f"process 1 listens on '{place.api_socket}', and is no nydusd", code=1)


def test_nobody_to_stop(place):
    failed(place.stop(), "No such file or directory")
    former = place.started()
    os.kill(former, signal.SIGKILL)
    wait_until(lambda: not place.processes())
    failed(place.stop(), "nobody listens on")
    place.api_socket.unlink()
    place.api_socket.write_text("precious")
    failed(place.stop(), "is no socket", code=1)
    assert place.api_socket.read_text() == "precious"


def test_stop_takes_no_operand(place):
    failed(run(*place.stop_command(), "word"), "wants no operand", code=1)


def test_process_that_has_only_got_the_socket_is_left_alone(place):
    """The kernel names the one that began to listen, whose process ID may be anybody's by now."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.api_socket))
        process = os.fork()
        if process == 0:
            listener.listen()
            os._exit(0)
        os.waitpid(process, 0)
        failed(place.stop(), f"/proc/{process}/")


def test_process_that_no_longer_listens_is_left_alone(place):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place.api_socket))
    told, tells = os.pipe()
    process = os.fork()
    if process == 0:
        listener.listen()
        listener.close()
        os.write(tells, b"x")
        signal.pause()
    os.read(told, 1)
    failed(place.stop(), f"process {process}, which bound '{place.api_socket}', does not listen there any more")
    assert os.waitpid(process, os.WNOHANG) == (0, 0)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def test_stop_of_a_sandboxs_nydusd(node):
    sandbox = node.sandbox("box").create()
    stop = (node.tool, "nydusd", "stop", "--sandbox=box")
    check(run(*stop))
    assert not any("nydusd virtiofs" in line for line in node.left_over())
    assert not any(".sock" in line for line in node.left_over())
    check(run(*stop))
    sandbox.delete()
    assert node.left_over() == []
    failed(run(*stop), "box")


def takes_a_vmm(sandbox):
    """Its nydusd still waits at its socket, and unlinks it when the only VMM has come."""
    path = Path(sandbox.show()["nydusd"]["vhost_socket"])
    with socket.socket(socket.AF_UNIX) as vmm:
        vmm.connect(str(path))
        wait_until(lambda: not path.exists())


@pytest.mark.parametrize("how", ["delete", "stop"])
def test_another_nydusd_at_the_same_path_goes_on_waiting_for_its_vmm(node, how):
    """The first one's socket is gone with the coming of its VMM, and its path free for the next."""
    path = Path("/run/vhost.sock")
    former = node.sandbox("former", "go", f"--vhost-sock={path}").create()
    takes_a_vmm(former)
    sandbox = node.sandbox("box", "go", f"--vhost-sock={path}").create()
    if how == "stop":
        check(run(node.tool, "nydusd", "stop", "--sandbox=former"))
    former.delete()
    takes_a_vmm(sandbox)
    sandbox.delete()
    assert node.left_over() == []


def test_recycled_process_id_in_a_sandboxs_state_is_not_signalled(node):
    sandbox = node.sandbox("box").create()
    state = sandbox.state / ".sandbox.json"
    text = state.read_text()
    [recorded] = json.loads(text)["nydusd"]
    former = text.replace(str(recorded["start_time"]), str(recorded["start_time"] - 1))
    assert former != text
    state.write_text(former)
    check(run(node.tool, "nydusd", "stop", "--sandbox=box"))
    status = check(run(node.tool, "nydusd", "status", f"--apisock={json.loads(text)['api_socket']}", "--json"))
    assert json.loads(status.out)["pid"] == recorded["pid"]
    state.write_text(text)
    sandbox.delete()
    assert node.left_over() == []
