# SPDX-License-Identifier: Apache-2.0
"""nydus-overlayctl doctor beside running containerd, nydus-snapshotter and nydusd."""

import contextlib
import os
import signal
import time

import pytest

from nydus_stack.configuration import Snapshotter
from nydus_stack.doctor import BROKEN, GOOD, examine
from nydus_stack.mounts import detach, mounts_below
from nydus_stack.processes import processes_naming
from nydus_stack.stack import Stack


@pytest.fixture(params=["2.4", "1.7"])
def stack(request, first_helper, programs):
    with Stack(programs, first_helper.path, request.param, Snapshotter()) as running:
        yield running


def doctor(tool, stack):
    return examine(
        tool,
        f"--containerd-config={stack.directory}/containerd.toml",
        f"--snapshotter-config={stack.directory}/snapshotter.toml",
    )


def nydusds_of(stack):
    return [
        process
        for process, command in processes_naming(f"{stack.directory}/snapshotter").items()
        if "containerd-nydus-grpc" not in command and "--mountpoint" in command
    ]


def started(stack, sample_layers):
    """A nydusd that serves an image; the name of the image."""
    reference = stack.add_nydus_image("doctor", sample_layers)
    assert stack.run(reference, "true").status == 0
    return reference


def test_good_stack(stack, tool, sample_layers):
    reference = started(stack, sample_layers)
    report = doctor(tool, stack)
    assert report.status == GOOD, report.text()
    for name in ("mount-fuse", "helper", "proxy-plugin", "snapshotter-socket", "snapshotter", "leftovers"):
        assert report.severities(name) == {"ok"}, report.text()
    assert "of containerd (process" not in report.text() and not report.named("not-checked"), report.text()
    # What doctor did has disturbed nobody.
    assert stack.run(reference, "true").status == 0
    assert stack.traces_of_containers() == []


def test_dead_nydusd(stack, tool, sample_layers):
    started(stack, sample_layers)
    for process in nydusds_of(stack):
        os.kill(process, signal.SIGKILL)
    wait_until_gone(stack)
    try:
        report = doctor(tool, stack)
        assert report.status == BROKEN, report.text()
        assert report.severities("dead-fuse-mount") == {"error"}, report.text()
        assert f"'{stack.directory}/snapshotter/" in report.named("dead-fuse-mount")[0]["what"]
    finally:
        for mount in reversed(mounts_below(stack.directory / "snapshotter")):
            detach(mount.target)


@contextlib.contextmanager
def stopped(processes):
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_nydusd_that_hangs(stack, tool, sample_layers):
    started(stack, sample_layers)
    daemons = nydusds_of(stack)
    assert daemons
    with stopped(daemons):
        report = doctor(tool, stack)
    assert report.status == BROKEN, report.text()
    assert report.severities("hung-fuse-mount") == {"error"}, report.text()
    assert doctor(tool, stack).status == GOOD


def wait_until_gone(stack, seconds=20):
    deadline = time.monotonic() + seconds
    while nydusds_of(stack):
        assert time.monotonic() < deadline
        time.sleep(0.02)
