# SPDX-License-Identifier: Apache-2.0
"""`nydusd start` with the real nydusd: it serves or leaves nothing, whatever is in its way and whenever it is killed."""

import json
import os
import signal
import subprocess
from pathlib import Path

import jsonschema
import pytest
from kata_lab.killing import Step, killed_before, steps_of
from kata_lab.standalone import Standalone, wait_until
from mount_lab import running
from mount_lab.requirements import need_program
from mount_lab.running import ENVIRONMENT, NOBODY, check, run

SCHEMA = Path(__file__).resolve().parents[2] / "packaging/schema/nydusd-start.schema.json"
MAX_SOCKET_PATH = 107


@pytest.fixture
def place(root, tool, tmp_path):
    place = Standalone(tmp_path / "place", tool, need_program("nydusd"))
    yield place
    place.close()


def failed(outcome, part, code=2):
    """One line on standard error, and nothing else."""
    assert (outcome.code, outcome.out) == (code, ""), outcome
    assert outcome.err.count("\n") == 1
    assert part in outcome.err


def arguments_of(process_id):
    return Path(f"/proc/{process_id}/cmdline").read_bytes().decode().split("\0")[1:-1]


def test_start_returns_once_nydusd_serves_the_directory(place):
    told = json.loads(check(place.start("--json")).out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert place.serves()
    assert place.status()["pid"] == told["pid"]
    expected = ["virtiofs", "--log-level", "info", "--apisock", place.api_socket, "--sock", place.vhost_socket]
    assert arguments_of(told["pid"])[:7] == [str(word) for word in expected]
    assert list(place.processes()) == [told["pid"]]


def test_stop_leaves_the_log_alone(place):
    check(place.start())
    check(place.stop())
    assert place.left_over() == []
    assert "http server started" in place.log.read_text()


def test_text_shows_every_path(place):
    out = check(place.start()).out
    for path in (place.api_socket, place.vhost_socket, place.share, place.log):
        assert str(path) in out


def test_log_lies_beside_the_api_socket_unless_told_otherwise(place):
    check(place.start(log_file=False))
    assert "http server started" in Path(f"{place.api_socket}.log").read_text()


def test_relative_paths_are_those_of_the_caller(place):
    relative = {"apisock": "api.sock", "sock": "vhost.sock", "source": "share", "log_file": "nydusd.log"}
    check(run(*place.start_command(**relative), cwd=place.directory))
    assert place.serves()


def test_nydusd_gets_nothing_of_the_caller_but_its_environment(place):
    with open("/dev/null") as leaked:
        os.set_inheritable(leaked.fileno(), True)
        environment = ENVIRONMENT | {"RUST_LOG": "error", "KEPT": "value"}
        command = place.start_command("--json")
        outcome = run(*command, env=environment, pass_fds=[leaked.fileno()], umask=0, preexec_fn=ignore_signals)
    process = Path(f"/proc/{json.loads(check(outcome).out)['pid']}")
    names = [entry.partition("=")[0] for entry in (process / "environ").read_text().split("\0")]
    assert "KEPT" in names
    assert "RUST_LOG" not in names
    open_files = [os.readlink(entry) for entry in (process / "fd").iterdir()]
    assert open_files.count("/dev/null") == 1  # standard input
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    assert int(status["SigIgn"], 16) & 1 << signal.SIGTERM - 1 == 0
    assert os.readlink(process / "cwd") == "/"
    assert os.getsid(int(process.name)) == int(process.name)


def ignore_signals():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def test_sockets_are_for_their_owner_alone(place):
    check(run(*place.start_command(), umask=0))
    for path in (place.api_socket, place.vhost_socket):
        assert path.stat().st_mode & 0o077 == 0


def test_unprivileged_user_can_start_and_stop_one(root, tool, tmp_path_factory):
    everybodys = tmp_path_factory.mktemp("everybodys")
    for directory in (everybodys, *everybodys.parents[:2]):
        directory.chmod(0o755)
    programs = []
    for program in (tool, need_program("nydusd")):
        copy = everybodys / program.name
        copy.write_bytes(program.read_bytes())
        copy.chmod(0o755)
        programs.append(copy)
    place = Standalone(everybodys / "place", *programs, user=NOBODY)
    process = place.started()
    assert os.stat(f"/proc/{process}").st_uid == NOBODY
    # Root leaves it alone: its directory is another user's.
    failed(run(*place.stop_command()), "is owned by neither root nor this user", code=1)
    assert list(place.processes()) == [process]
    check(place.stop())
    assert place.left_over() == []


# What is in the way.


def test_sockets_of_a_killed_nydusd_are_replaced(place):
    former = place.started()
    os.kill(former, signal.SIGKILL)
    wait_until(lambda: not place.processes())
    assert place.api_socket.exists()
    assert place.vhost_socket.exists()
    assert place.started() != former
    assert place.serves()


def test_sockets_in_use_are_left_to_their_nydusd(place):
    former = place.started()
    failed(place.start(), f"socket '{place.vhost_socket}' is in use")
    failed(place.start(sock=place.directory / "other.sock"), f"socket '{place.api_socket}' is in use")
    assert list(place.processes()) == [former]
    assert place.serves()
    # Nobody has connected to the only socket for a VMM.
    assert place.vhost_socket.exists()


@pytest.mark.parametrize("name", ["api_socket", "vhost_socket"])
def test_file_in_a_sockets_place_stays(place, name):
    getattr(place, name).write_text("precious")
    failed(place.start(), f"'{getattr(place, name)}' is there and is no socket")
    assert getattr(place, name).read_text() == "precious"
    assert not place.processes()


def test_path_too_long_for_a_socket(place):
    room = MAX_SOCKET_PATH - len(str(place.directory)) - 1
    long = place.directory / ("x" * (room + 1))
    failed(place.start(apisock=long), "nydusd api sock path is invalid", code=1)
    failed(place.start(sock=long), "nydusd sock path is invalid", code=1)
    assert place.left_over() == []
    longest = place.directory / ("x" * room)
    check(place.start(apisock=longest))
    check(run(place.tool, "nydusd", "stop", f"--apisock={longest}"))


def test_paths_that_cannot_be_used(place):
    missing = place.directory / "missing" / "name"
    text = place.directory / "text"
    text.write_text("")
    for flags, complaint in (
        ({"sock": missing}, "nydusd sock path is invalid: "),
        ({"apisock": missing}, "nydusd api sock path is invalid: "),
        ({"nydusd": missing}, "nydusd daemon path is invalid: "),
        ({"nydusd": place.directory / "missing"}, "nydusd daemon path is invalid: "),
        ({"nydusd": text}, "Permission denied"),
        ({"source": missing}, "nydusd resource path is invalid: "),
        ({"source": text}, "is not a directory"),
        ({"log_file": place.directory / "log"}, "has no extension"),
    ):
        failed(place.start(**flags), complaint, code=1)
    assert place.left_over() == []


def test_directory_that_others_can_write_is_refused(place):
    place.directory.chmod(0o1777)
    failed(place.start(), "others can write the directory", code=1)
    assert place.left_over() == []


def test_arguments_that_nydusd_must_not_get(place):
    failed(place.start("--", "--hybrid-mode"), "--hybrid-mode is not accepted: nydusd 2.2.0 aborts on it", code=1)
    failed(place.start("--", "--sock=/x"), "--sock is not accepted", code=1)
    failed(place.start("word"), "wants no operand", code=1)


def test_arguments_are_handed_on(place):
    process = place.started("--", "--log-rotation-size", "1")
    assert arguments_of(process)[-2:] == ["--log-rotation-size", "1"]


def test_program_that_ends_at_once_has_its_last_lines_shown(place):
    stand_in = place.program(r"printf 'one\ntwo\n\033[31mthree\033[0m\nfo\aur\n' >&2; exit 7")
    place.log.write_text("of another time\n")
    outcome = place.start(nydusd=stand_in)
    failed(outcome, "ended at its start: exit status 7")
    assert f"; two; three; fo\\x07ur (log: '{place.log}')" in outcome.err
    assert place.left_over() == []


def test_program_that_is_killed_at_once(place):
    failed(place.start(nydusd=place.program("kill -SEGV $$")), "ended at its start: signal 11 (Segmentation fault)")
    assert place.left_over() == []


def test_arguments_that_nydusd_refuses(place):
    outcome = place.start("--", "--bogus")
    failed(outcome, "exit status 2")
    assert "Found argument '--bogus'" in outcome.err
    assert place.left_over() == []


def test_program_that_never_gets_ready(place):
    failed(place.start(nydusd=place.program("exec sleep 600")), "does not make its API socket in time")
    assert place.left_over() == []


def test_program_whose_interpreter_is_missing(place):
    stand_in = place.program("")
    stand_in.write_text("#!/missing\n")
    failed(place.start(nydusd=stand_in), "cannot execute the program: No such file")
    assert place.left_over() == []


@pytest.fixture
def full(place):
    """A file system that takes nothing more."""
    directory = place.directory / "full"
    directory.mkdir()
    running.mount("full", directory, "tmpfs", data="size=4k,nr_inodes=3")
    (directory / "there.log").touch()
    (directory / "filling").write_bytes(b"x" * 4096)
    yield directory
    running.unmount(directory, running.MNT_DETACH)


def test_log_that_cannot_be_made(place, full):
    failed(place.start(log_file=full / "new.log"), f"log file '{full}/new.log': No space left on device")
    assert place.left_over() == []


@pytest.mark.parametrize("has_reader", [False, True])
def test_log_that_is_a_pipe_is_refused(place, has_reader):
    """Nobody waits for a reader, least of all with the directory's lock."""
    pipe = place.directory / "pipe.log"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) if has_reader else None
    failed(place.start(log_file=pipe), f"log file '{pipe}' is no regular file", code=1)
    if has_reader:
        os.close(reader)
    assert place.left_over() == []
    check(place.start())
    check(place.stop())


def test_log_that_cannot_grow_does_not_matter(place, full):
    check(place.start(log_file=full / "there.log"))
    assert place.serves()
    check(place.stop())
    assert place.left_over() == []


def test_of_many_starts_at_once_one_succeeds(place):
    tools = [place.in_background() for _ in range(8)]
    ends = [(*tool.communicate(), tool.returncode) for tool in tools]
    assert sorted(code for _, _, code in ends) == [0] + [2] * 7
    assert all("is in use" in err for _, err, code in ends if code)
    assert len(place.processes()) == 1
    assert place.serves()
    check(place.stop())
    assert place.left_over() == []


# Killed at every step: nothing is left, or a nydusd that serves and can be stopped.


def test_killed_at_every_step_nothing_or_a_whole_nydusd_is_left(place, tmp_path):
    trace = tmp_path / "trace"
    steps = steps_of(trace, place.start_command())
    check(place.stop())
    assert Step("connect", 1) in steps
    killed = serving = 0
    for step in steps:
        if not killed_before(step, trace, place.start_command()):
            check(place.stop())
            continue
        killed += 1
        place.wait_for_guard()
        if place.processes():
            serving += 1
            assert place.serves(), step
            check(place.stop())
        assert place.left_over() == [], step
    print(f"killed before {killed} calls of {len(steps)}; nydusd served after {serving} of them")
    assert killed > len(steps) / 2


# In the foreground.


def ending(tool):
    out, err = tool.communicate(timeout=30)
    return tool.returncode, out, err


def test_death_of_nydusd_is_told(place):
    tool, nydusd = place.foreground()
    os.kill(nydusd, signal.SIGKILL)
    code, out, err = ending(tool)
    assert (code, out) == (3, "")
    first, *lines = err.splitlines()
    assert f"nydusd (process {nydusd}) has ended: signal 9 (Killed); the end of its log '{place.log}':" in first
    assert "PassthroughFs filesystem mounted at /containers" in lines[-1]
    assert place.left_over() == []


def test_death_notice_is_of_this_nydusd_alone(place):
    place.log.write_text("of another time\n")
    tool, nydusd = place.foreground()
    os.kill(nydusd, signal.SIGKILL)
    assert "of another time" not in ending(tool)[2]


@pytest.mark.parametrize("ends_it", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_signal_stops_nydusd_in_order(place, ends_it):
    tool, _ = place.foreground()
    tool.send_signal(ends_it)
    assert ending(tool) == (0, "", "")
    assert place.left_over() == []
    assert "nydusd quits" in place.log.read_text()


def test_signal_stops_nydusd_under_a_vmm(place):
    tool, _ = place.foreground()
    with place.attach_vmm():
        tool.send_signal(signal.SIGTERM)
        assert ending(tool) == (0, "", "")
    assert place.left_over() == []


def test_nydusd_dies_with_a_killed_tool(place):
    tool, _ = place.foreground()
    tool.kill()
    assert ending(tool)[0] == -signal.SIGKILL
    wait_until(lambda: not place.processes())
    check(place.start())
    check(place.stop())


@pytest.mark.parametrize("foreground", ["true", False])
def test_signal_ends_a_start_that_takes_long(place, foreground):
    tool = place.in_background(nydusd=place.program("exec sleep 600"), foreground=foreground)
    wait_until(lambda: any("sleep" in command for command in processes_of_session(tool)))
    tool.terminate()
    code, out, err = ending(tool)
    assert (code, out) == (2, "")
    assert "interrupted" in err.lower()
    assert place.left_over() == []


def processes_of_session(tool):
    """Command lines of the children of a tool that runs."""
    children = Path(f"/proc/{tool.pid}/task/{tool.pid}/children").read_text().split()
    commands = []
    for child in children:
        try:
            commands.append(Path(f"/proc/{child}/cmdline").read_bytes().decode())
        except OSError:
            continue
    return commands


@pytest.mark.parametrize("foreground", ["true", False])
def test_output_that_cannot_be_written_leaves_no_nydusd(place, foreground, unwritable):
    command = [str(word) for word in place.start_command(foreground=foreground)]
    done = subprocess.run(command, stdout=unwritable, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 2
    assert "cannot write the output" in done.stderr
    assert place.left_over() == []
