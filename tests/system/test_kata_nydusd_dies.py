# SPDX-License-Identifier: Apache-2.0
"""nydusd dies while somebody waits for its answer: that is told at once, and nothing else is left of the call."""

import contextlib
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from kata_lab.daemon import mount_points
from kata_lab.hand_over import end_process
from kata_lab.inventory import take_inventory
from kata_lab.standalone import wait_until
from kata_lab.waiting import is_connected, start, stopped
from mount_lab.running import Outcome

pytest_plugins = ["kata_lab.fixtures"]

# Less than the ten seconds that a silent nydusd gets, and enough for what follows on a busy machine.
AT_ONCE = 7


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


@pytest.fixture
def box(node):
    """A sandbox that its test may leave without a nydusd."""
    return node.sandbox("s").create()


def nydusd_of(sandbox):
    return sandbox.show()["nydusd"]["pid"]


def outcome_after_death(call, nydusd):
    """How the call ends that waits for this process."""
    end_process(nydusd)
    died = time.monotonic()
    out, err = call.communicate(timeout=60)
    assert time.monotonic() - died < AT_ONCE, err
    return Outcome(call.returncode, out, err)


def outcome_of_question(command, nydusd):
    """nydusd is silent when it is asked, and then dies."""
    os.kill(nydusd, signal.SIGSTOP)
    call = start(command)
    wait_until(lambda: is_connected(call))
    return outcome_after_death(call, nydusd)


def told_death(outcome, code):
    assert (outcome.code, outcome.out) == (code, ""), outcome
    assert outcome.err.count("\n") == 1, outcome
    for phrase in ("the nydusd of sandbox s has died", "sandbox delete and sandbox create s give it a new one"):
        assert phrase in outcome.err, outcome


def nothing_but_the_sandbox(box, before):
    """What the call made for its container is gone."""
    assert take_inventory().difference(before) == []
    assert box.show()["containers"] == []
    box.delete()
    assert box.node.left_over() == []


def test_hand_over(box, image):
    container = box.container("c", image)
    before = take_inventory()
    told_death(outcome_of_question(container.hand_over_command(), nydusd_of(box)), 32)
    nothing_but_the_sandbox(box, before)


def test_repeated_hand_over(box, image):
    container = box.container("c", image).hand_over()
    told_death(outcome_of_question(container.hand_over_command(), nydusd_of(box)), 32)
    box.delete()
    assert box.node.left_over() == []


def test_repeated_creation(box):
    told_death(outcome_of_question(box.create_command(), nydusd_of(box)), 2)
    box.delete()
    assert box.node.left_over() == []


def test_unshare(box, image):
    """Whether or not nydusd lives: its end takes back what it served."""
    container = box.container("c", image).hand_over()
    assert outcome_of_question(container.unshare_command(), nydusd_of(box)) == Outcome(0, "", "")
    assert [each["phase"] for each in box.show()["containers"]] == ["spent"]
    box.delete()
    assert box.node.left_over() == []


def test_deletion_around_a_nydusd_of_somebody_else(node, start_nydusd, image):
    foreign = start_nydusd()
    box = node.sandbox_around(foreign, "s").create()
    for name in ("c", "d"):
        box.container(name, image).hand_over()
    assert outcome_of_question(box.delete_command(), foreign.process.pid).code == 0
    assert not box.state.exists() and not box.share.exists()


# In mid-mount


@pytest.fixture
def waiting_image(image, tmp_path):
    """An image at which nydusd waits while it mounts it: its blob is a FIFO that nobody writes."""
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    for blob in image.blobs.iterdir():
        os.mkfifo(blobs / blob.name)
    return replace(image, blobs=blobs)


def waits_at_fifo(process_id):
    """Whether a thread does, by the kernel's function, to whose name a compiler may have added something."""
    for task in Path(f"/proc/{process_id}/task").iterdir():
        with contextlib.suppress(OSError):  # one that has just ended
            if (task / "wchan").read_text().startswith("wait_for_partner"):
                return True
    return False


def test_mid_mount(box, waiting_image, image):
    container = box.container("c", waiting_image)
    before = take_inventory()
    nydusd = nydusd_of(box)
    call = start(container.hand_over_command())
    wait_until(lambda: waits_at_fifo(nydusd))
    told_death(outcome_after_death(call, nydusd), 32)
    nothing_but_the_sandbox(box, before)
    again = box.create()
    again.container("e", image).hand_over()
    assert mount_points(again.show()["nydusd"]["api_socket"]) == ["/containers", "/rafs/e/lowerdir"]
    again.delete()
    assert again.node.left_over() == []


def mount_by_hand_command(box, image, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(image.configuration(tmp_path))
    flags = ("--sandbox=s", f"--source={image.bootstrap}", f"--config={config}", "--timeout=3600")
    return (box.node.tool, "nydusd", "mount", "/m", *flags)


def test_mid_mount_by_hand(box, waiting_image, tmp_path):
    """The sandbox is not locked meanwhile: it can be shown, and its deletion is the way out."""
    nydusd = nydusd_of(box)
    call = start(mount_by_hand_command(box, waiting_image, tmp_path))
    wait_until(lambda: waits_at_fifo(nydusd))
    assert box.show()["nydusd"]["state"] == "silent"
    box.delete()
    out, err = call.communicate(timeout=AT_ONCE)
    told_death(Outcome(call.returncode, out, err), 2)
    assert box.node.left_over() == []


def test_mount_by_hand_that_finds_another_nydusd_in_the_record(box, image, tmp_path):
    """The one that was asked first is not asked to mount anything."""
    record = box.state / ".sandbox.json"
    before = record.read_text()
    other = json.loads(before)
    other["nydusd"][0]["pid"] = os.getpid()
    with stopped(nydusd_of(box)):
        call = start(mount_by_hand_command(box, image, tmp_path))
        wait_until(lambda: is_connected(call))
        record.write_text(json.dumps(other))
    out, err = call.communicate(timeout=AT_ONCE)
    assert (call.returncode, out, err.count("\n")) == (2, "", 1) and "has another nydusd by now" in err
    assert json.loads(record.read_text()) == other
    record.write_text(before)
    assert mount_points(box.show()["nydusd"]["api_socket"]) == ["/containers"]
    box.delete()
