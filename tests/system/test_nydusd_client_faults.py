# SPDX-License-Identifier: Apache-2.0
"""What `nydus-overlayctl nydusd` makes of a daemon that fails: did it happen? The fake nydusd does what a real one does
only now and then; tests/system/test_nydusd_conformance.py holds it to the real one.
"""

import signal
import subprocess

import pytest
from mount_lab.requirements import need_program
from nydusd_lab import outcome
from nydusd_lab.daemon import Daemon, fake_program, real_program

pytest_plugins = ["nydusd_lab.fixtures"]

SECRET = "Pa55w0rd"
# Seconds: what is longer than --timeout, by far.
HUNG = 30

# The HTTP server of nydusd fails, or something on the way does.
ANSWERS = ["error", "junk", "cut", "none", "drip"]


@pytest.fixture
def start(tmp_path):
    """Starts a fake nydusd with a fault."""
    started = []

    def run(fault=None):
        started.append(Daemon(fake_program(), tmp_path / "d", *(("--fault", fault) if fault else ())))
        return started[-1]

    yield run
    for daemon in started:
        daemon.end()


@pytest.fixture
def nydusd(tool):
    def run(daemon, verb, *words, timeout=4):
        command = [tool, "nydusd", verb, f"--apisock={daemon.api_socket}", f"--timeout={timeout}", *words]
        return subprocess.run(command, input=SECRET, text=True, capture_output=True, check=False, timeout=HUNG)

    return run


def mount(share):
    return ("mount", "/a", "--type=passthrough_fs", f"--source={share}", "--config=-")


def failed(done, status, *parts):
    outcome.failed(done, status, *parts)
    assert SECRET not in done.stderr


@pytest.mark.parametrize("answer", ANSWERS)
def test_mount_whose_answer_is_lost_has_happened(start, nydusd, share, answer):
    daemon = start(f"mount:done:{answer}")
    done = nydusd(daemon, *mount(share))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(daemon.api.mounts()) == ["/a"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_mount_that_is_lost_has_not_happened(start, nydusd, share, answer):
    daemon = start(f"mount:lost:{answer}")
    failed(nydusd(daemon, *mount(share)), 2, "mount of '/a': ")
    assert daemon.api.mounts() == {}


@pytest.mark.parametrize("answer", ANSWERS)
def test_umount_whose_answer_is_lost_has_happened(start, nydusd, share, answer):
    daemon = start(f"umount:done:{answer}")
    nydusd(daemon, *mount(share))
    assert nydusd(daemon, "umount", "/a").returncode == 0
    assert daemon.api.mounts() == {}


@pytest.mark.parametrize("answer", ANSWERS)
def test_umount_that_is_lost_has_not_happened(start, nydusd, share, answer):
    daemon = start(f"umount:lost:{answer}")
    nydusd(daemon, *mount(share))
    failed(nydusd(daemon, "umount", "/a"), 2, "umount of '/a': ")
    assert list(daemon.api.mounts()) == ["/a"]


@pytest.mark.parametrize("effect,mounts", [("done", ["/a"]), ("lost", [])])
def test_silence_is_settled_before_the_time_is_over(start, nydusd, share, effect, mounts):
    daemon = start(f"mount:{effect}:silence")
    done = nydusd(daemon, *mount(share))
    assert done.returncode == (0 if mounts else 2)
    assert list(daemon.api.mounts()) == mounts


def test_slow_mount_is_waited_for(start, nydusd, share):
    daemon = start("mount:done:late")
    assert nydusd(daemon, *mount(share)).returncode == 0


def test_mount_that_outlasts_the_time_is_unsettled(start, nydusd, share):
    daemon = start("mount:done:late")
    failed(
        nydusd(daemon, *mount(share), timeout=1),
        2,
        "no time is left while waiting for an answer, and asking what became of it failed",
        "it may have happened",
    )


def test_death_in_mid_mount_is_unsettled(start, nydusd, share):
    daemon = start("mount:lost:death")
    failed(nydusd(daemon, *mount(share)), 2, "closed the connection", "nobody listens on", "it may have happened")


def test_information_that_is_no_json_is_an_error(start, nydusd, share):
    daemon = start("information:done:broken")
    failed(nydusd(daemon, "status"), 2, "nydusd's answer: ")
    failed(nydusd(daemon, *mount(share)), 2, "mount of '/a': nydusd's answer: ")


def test_information_that_drips_has_its_time(start, nydusd):
    failed(nydusd(start("information:done:drip"), "status", timeout=1), 2, "no time is left")


def test_daemon_that_does_not_answer_has_its_time(nydusd, tmp_path):
    daemon = Daemon(real_program(need_program("nydusd")), tmp_path / "d")
    try:
        daemon.process.send_signal(signal.SIGSTOP)
        failed(nydusd(daemon, "status", timeout=1), 2, "no time is left while waiting for an answer")
        failed(nydusd(daemon, "umount", "/a", timeout=1), 2, "no time is left while waiting for an answer")
    finally:
        daemon.end()


def test_daemon_that_takes_no_connection_has_its_time(start, nydusd):
    daemon = start()
    daemon.process.send_signal(signal.SIGSTOP)
    waiting = []
    try:
        while True:
            waiting.append(daemon.api.connect())
    except BlockingIOError:
        pass
    failed(nydusd(daemon, "status", timeout=1), 2, "takes no further connection")
    assert len(waiting) > 1
    for connection in waiting:
        connection.socket.close()
