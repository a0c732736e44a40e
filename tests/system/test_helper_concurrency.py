# SPDX-License-Identifier: Apache-2.0
"""Many helpers at once, repeated ones, and ones that are killed."""

import contextlib
import random
import re
import signal
import subprocess
import time

import pytest
from mount_lab.lab import assert_content
from mount_lab.records import record_at, records_at
from mount_lab.running import ENVIRONMENT, check, run_helper, unmount, unmount_all
from mount_lab.tracing import traced

pytest_plugins = ["mount_lab.fixtures"]

AT_ONCE = 50
KILLS = 100
LONG_NAME = "long-names-fill-a-page-quickly-and-then-the-other-interface-is-needed-{}"
BOTH_INTERFACES = pytest.mark.parametrize("count", (2, 60), ids=("short", "long"))


def start(helper, target, options):
    command = [helper.path, "overlay", target, "-o", ",".join(options)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def assert_all_succeed(processes):
    assert [(process.communicate()[0], process.returncode) for process in processes] == [(b"", 0)] * len(processes)


@BOTH_INTERFACES
def test_many_targets(helper, lab, count):
    layers = lab.layers(count, LONG_NAME)
    places = [lab.directory / "places" / str(number) for number in range(AT_ONCE)]
    processes = []
    for place in places:
        for role in ("upper", "work", "target"):
            (place / role).mkdir(parents=True)
        lab.upper, lab.work = place / "upper", place / "work"
        processes.append(start(helper, place / "target", lab.options(layers)))
    assert_all_succeed(processes)
    for place in places:
        assert_content(place / "target", count)
        assert f"upperdir={place}/upper" in record_at(place / "target").super_words()
        (place / "target" / "new").write_text(place.name)
    for place in places:
        assert (place / "upper" / "new").read_text() == place.name
        unmount(place / "target")
        assert records_at(place / "target") == []


@BOTH_INTERFACES
def test_one_target(helper, lab, count):
    layers = lab.layers(count, LONG_NAME)
    options = lab.options(layers, writable=False)
    assert_all_succeed([start(helper, lab.target, options) for _ in range(AT_ONCE)])
    assert len(records_at(lab.target)) == AT_ONCE
    assert len(set(records_at(lab.target))) == 1
    assert_content(lab.target, count)
    assert unmount_all(lab.target) == AT_ONCE
    assert records_at(lab.target) == []


def test_one_target_for_one_layer(helper, lab):
    """Binds take another path through the helper."""
    options = lab.options(lab.layers(1), writable=False)
    assert_all_succeed([start(helper, lab.target, options) for _ in range(AT_ONCE)])
    assert len(records_at(lab.target)) == AT_ONCE
    assert all("ro" in record.flags() and record.propagation == "" for record in records_at(lab.target))
    assert unmount_all(lab.target) == AT_ONCE


@BOTH_INTERFACES
def test_one_target_with_propagation(helper, lab, count):
    """The mount is looked up again for this; another one may cover it by then, but must not suffer."""
    options = lab.options(lab.layers(count, LONG_NAME), "private", writable=False)
    assert_all_succeed([start(helper, lab.target, options) for _ in range(AT_ONCE)])
    assert unmount_all(lab.target) == AT_ONCE


@BOTH_INTERFACES
def test_twice_in_a_row(helper, lab, count):
    """As the kernel's own does; containerd unmounts what it finds before it tries again."""
    layers = lab.layers(count, LONG_NAME)
    for number in (1, 2):
        check(run_helper(helper, lab.target, *lab.options(layers)))
        assert len(records_at(lab.target)) == number
    assert_content(lab.target, count)
    unmount(lab.target)
    assert_content(lab.target, count)
    unmount(lab.target)
    check(run_helper(helper, lab.target, *lab.options(layers)))
    assert_content(lab.target, count)


@contextlib.contextmanager
def busy_processors():
    burners = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def usual_duration(helper, lab, options):
    begin = time.monotonic()
    check(run_helper(helper, lab.target, *options))
    unmount(lab.target)
    return time.monotonic() - begin


@BOTH_INTERFACES
def test_killed_at_any_moment(helper, lab, count):
    options = lab.options(lab.layers(count, LONG_NAME), "nosuid")
    delay = random.Random(1)
    with busy_processors():
        longest = usual_duration(helper, lab, options) * 1.5
        before = lab.tree()
        for _ in range(KILLS):
            process = start(helper, lab.target, options)
            time.sleep(delay.uniform(0, longest))
            process.send_signal(signal.SIGKILL)
            said, _ = process.communicate()
            assert said == b""
            assert process.returncode in (0, -signal.SIGKILL)
            records = records_at(lab.target)
            assert len(records) <= 1
            assert records or process.returncode != 0
            if records:
                assert records[0].kind == "overlay" and "nosuid" in records[0].flags()
                assert_content(lab.target, count)
                unmount(lab.target)
    # The kernel's own directory in the work directory was there before: the first mount left it.
    assert lab.tree() == before
    check(run_helper(helper, lab.target, *options))
    assert_content(lab.target, count)


def test_killed_while_binding(helper, lab):
    """A layer's mount is not to be seen before it is read-only."""
    options = lab.options(lab.layers(1), writable=False)
    delay = random.Random(2)
    for _ in range(KILLS):
        process = start(helper, lab.target, options)
        time.sleep(delay.uniform(0, 0.003))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for record in records_at(lab.target):
            assert "ro" in record.flags()
            unmount(lab.target)


@pytest.mark.parametrize("count, every", ((1, 1), (2, 1), (60, 5)), ids=("bind", "short", "long"))
def test_killed_before_each_system_call(first_helper, lab, tmp_path, count, every):
    options = lab.options(lab.layers(count, LONG_NAME), "nosuid", writable=count > 1)
    command = [first_helper.path, "overlay", lab.target, "-o", ",".join(options)]
    outcome, lines = traced(tmp_path / "log", "all", *command)
    check(outcome)
    unmount(lab.target)
    before = lab.tree()
    calls = [re.match(r"[0-9]+ +(\w+)\(", line)[1] for line in lines]
    assert calls[0] == "execve" and calls[-1] == "exit_group"
    results = []
    for index in [*range(1, len(calls) - 1, every), len(calls) - 1]:
        when = f"{calls[index]}:signal=SIGKILL:when={calls[: index + 1].count(calls[index])}"
        outcome, _ = traced(tmp_path / "log", "all", *command, inject=[when])
        assert outcome.code in (-signal.SIGKILL, 128 + signal.SIGKILL)
        results.append(record_at(lab.target) is not None)
        if results[-1]:
            assert "nosuid" in record_at(lab.target).flags() and (count > 1 or "ro" in record_at(lab.target).flags())
            assert_content(lab.target, count)
            unmount(lab.target)
        assert record_at(lab.target) is None
        assert lab.tree() == before
    assert results == sorted(results) and set(results) == {False, True}


def test_ended_by_signal(helper, lab, tmp_path):
    """No handler of its own keeps SIGTERM from ending a lookup that hangs."""
    options = lab.options(lab.layers(2))
    log = tmp_path / "log"
    outcome, _ = traced(log, "all", helper.path, "overlay", lab.target, "-o", ",".join(options))
    check(outcome)
    assert "sigaction" not in log.read_text()
    unmount(lab.target)

    command = [helper.path, "overlay", lab.target, "-o", ",".join(options)]
    outcome, _ = traced(log, "mount", *command, inject=["mount:signal=SIGTERM:error=EINTR"])
    assert outcome.code in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert records_at(lab.target) == []
