# SPDX-License-Identifier: Apache-2.0
"""Sandboxes around a nydusd that runs already and belongs to somebody else."""

import json
import shutil

import pytest
from kata_lab.daemon import mount_points
from kata_lab.hand_over import assert_refused
from kata_lab.node import SHARES, STATE
from kata_lab.refusal import WRONG_CALL, refused
from kata_lab.standalone import wait_until
from kata_lab.waiting import is_connected, start, stopped
from mount_lab import running
from mount_lab.payloads import extra_option
from mount_lab.running import check, run
from nydusd_lab.daemon import Daemon, fake_program

pytest_plugins = ["kata_lab.fixtures"]

MOST_MOUNTS = 255
CLAIMS = STATE / ".claims.json"


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


@pytest.fixture
def foreign(start_nydusd):
    return start_nydusd()


def served(nydusd):
    return mount_points(nydusd.api_socket)


def claimed():
    """The process ID of each nydusd that was given to a sandbox."""
    return [claim["nydusd"]["pid"] for claim in json.loads(CLAIMS.read_text())["claims"]]


# One nydusd, one sandbox


def test_two_sandboxes_at_once(node, foreign):
    """Both find it free; only one gets it, and the other takes nothing away."""
    sandboxes = [node.sandbox_around(foreign, name) for name in ("ra", "rb")]
    with stopped(foreign.process.pid):
        processes = [start(sandbox.create_command()) for sandbox in sandboxes]
        for process in processes:
            wait_until(lambda process=process: is_connected(process))
    errors = [process.communicate()[1] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 2], errors
    assert served(foreign) == ["/containers"]
    winner, loser = sandboxes if processes[0].returncode == 0 else sandboxes[::-1]
    assert not loser.state.exists() and not loser.share.exists()
    winner.create()
    winner.delete()
    assert served(foreign) == []
    assert [line for line in node.left_over() if str(foreign.directory) not in line] == []


def test_second_sandbox_in_the_life_of_a_nydusd(node, foreign, image):
    first = node.sandbox_around(foreign, "first").create()
    first.container("c", image).hand_over()
    first.delete()
    assert served(foreign) == []
    for name in ("first", "second"):
        sandbox = node.sandbox_around(foreign, name)
        refused(sandbox.create_command(), "has served sandbox 'first' already", "start another")
        assert not sandbox.state.exists() and not sandbox.share.exists()
    assert served(foreign) == []


def test_new_nydusd_at_the_same_socket(node, start_nydusd):
    """The former one is forgotten as soon as another is claimed."""
    former = start_nydusd()
    node.sandbox_around(former, "s").create().delete()
    assert claimed() == [former.process.pid]
    former.end()
    shutil.rmtree(former.directory)
    new = start_nydusd()
    assert new.api_socket == former.api_socket
    sandbox = node.sandbox_around(new, "s").create()
    assert served(new) == ["/containers"]
    assert claimed() == [new.process.pid]
    sandbox.delete()


def test_successor_at_the_socket_gets_nothing_by_the_sandboxs_name(node, start_nydusd, image, tmp_path):
    """To a mount belong credentials."""
    former = start_nydusd()
    sandbox = node.sandbox_around(former, "s").create()
    former.end()
    shutil.rmtree(former.directory)
    successor = start_nydusd()
    assert successor.api_socket == former.api_socket
    config = tmp_path / "config.json"
    config.write_text(image.configuration(tmp_path))
    image_flags = (f"--source={image.bootstrap}", f"--config={config}")
    for words in (("status",), ("status", "/a"), ("mount", "/a", *image_flags), ("umount", "/a"), ("metrics",)):
        refused((node.tool, "nydusd", *words, "--sandbox=s"), "another process listens for the nydusd of sandbox s")
    assert served(successor) == []
    sandbox.delete()


# A sandbox that was not made in the end


WRITES_BEFORE_THE_MOUNT = 5


def create_with_a_signal(sandbox, signal_name):
    """It comes before the last write before the mount is asked for, when nydusd is claimed already."""
    inject = f"inject=renameat:signal={signal_name}:when={WRITES_BEFORE_THE_MOUNT}"
    tracing = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=renameat", "-e", inject)
    return run(*tracing, "--", *sandbox.create_command())


@pytest.fixture
def killed_before_the_mount(node, foreign):
    sandbox = node.sandbox_around(foreign, "k")
    create_with_a_signal(sandbox, "SIGKILL")
    assert claimed() == [foreign.process.pid] and served(foreign) == []
    return sandbox


def test_interrupted_before_the_mount_can_be_repeated(node, foreign):
    sandbox = node.sandbox_around(foreign, "k")
    outcome = create_with_a_signal(sandbox, "SIGTERM")
    assert outcome.code != 0 and "interrupted by a signal" in outcome.err, outcome
    assert "/containers" not in foreign.log.read_text()
    sandbox.create()
    sandbox.delete()


def test_killed_before_the_mount_is_repeated(killed_before_the_mount, foreign):
    killed_before_the_mount.create()
    assert served(foreign) == ["/containers"]
    killed_before_the_mount.delete()


def test_killed_before_the_mount_gives_nydusd_back(node, killed_before_the_mount, foreign):
    other = node.sandbox_around(foreign, "other")
    refused(other.create_command(), "is being given to sandbox 'k'", "sandbox delete")
    killed_before_the_mount.delete()
    assert claimed() == []
    other.create()
    other.delete()


def test_later_sandbox_keeps_what_an_earlier_one_gave_back(node, killed_before_the_mount, foreign):
    """What is left of the earlier one is taken down while nydusd serves the later one."""
    obstacle = killed_before_the_mount.share / "obstacle"
    obstacle.mkdir(parents=True, exist_ok=True)
    running.mount("obstacle", obstacle, "tmpfs")
    refused(killed_before_the_mount.delete_command(), "something is mounted there")
    other = node.sandbox_around(foreign, "other").create()
    running.unmount(obstacle)
    killed_before_the_mount.delete()
    assert served(foreign) == ["/containers"]
    other.delete()


def test_mount_that_nydusd_has_not_made_can_be_asked_for_again(node, tmp_path):
    fake = Daemon(fake_program(), tmp_path / "fake", "--fault=mount:lost:error")
    try:
        for name in ("k", "k", "other"):
            refused(node.sandbox_around(fake, name).create_command(), "nydusd answered 500")
        assert claimed() == []
    finally:
        fake.end()


# What it served before


def test_mounts_from_before_count(node, foreign, image, tmp_path):
    """nydusd numbers all of them with eight bits, whoever asked for them."""
    other = tmp_path / "other"
    other.mkdir()
    room = 2
    for number in range(MOST_MOUNTS - 1 - room):
        assert foreign.api.mount(f"/other/{number}", "passthrough_fs", other).status == 204
    sandbox = node.sandbox_around(foreign, "s").create()
    for number in range(room):
        sandbox.container(f"c{number}", image).hand_over()
    refused(sandbox.container("more", image).hand_over_command(), "255 mounts, all that it can tell apart")
    sandbox.delete()
    assert len(served(foreign)) == MOST_MOUNTS - 1 - room


def test_mounts_by_hand_count(node, foreign, image, tmp_path):
    """Those that nydusd refuses do not, and those that were taken back do."""
    other = tmp_path / "other"
    other.mkdir()
    for number in range(MOST_MOUNTS - 3):
        assert foreign.api.mount(f"/other/{number}", "passthrough_fs", other).status == 204
    sandbox = node.sandbox_around(foreign, "s").create()

    def mount(source):
        return (node.tool, "nydusd", "mount", "/m", "--type=passthrough_fs", f"--source={source}", "--sandbox=s")

    refused(mount("/nowhere"), "nydusd says")
    check(run(*mount(other)))
    check(run(node.tool, "nydusd", "umount", "/m", "--sandbox=s"))
    sandbox.container("c", image).hand_over()
    for command in (mount(other), sandbox.container("more", image).hand_over_command()):
        refused(command, "255 mounts, all that it can tell apart")
    sandbox.delete()


def mounts_made(nydusd):
    return nydusd.log.read_text().count(" mounted at /")


def lose_answers(command, first):
    """Of four answers, from this one on, nothing arrives."""
    inject = f"inject=recvfrom:error=ECONNRESET:when={first}..{first + 3}"
    return run("strace", "-qq", "-o", "/dev/null", "-e", "trace=recvfrom", "-e", inject, "--", *command)


def hand_over_of(container, other):
    return container.hand_over_command()


def mount_by_hand_beside(container, other):
    place = f"/by-hand/{container.name}"
    node = container.sandbox.node
    return (node.tool, "nydusd", "mount", place, "--type=passthrough_fs", f"--source={other}", "--sandbox=s")


@pytest.mark.parametrize("command", (hand_over_of, mount_by_hand_beside), ids=("hand-over", "by-hand"))
def test_mount_whose_answer_was_lost_counts(node, foreign, image, tmp_path, command):
    """So does one of which nobody could tell whether it was made: nydusd's numbers must not run out unnoticed."""
    sandbox = node.sandbox_around(foreign, "s").create()
    lost = 0
    for first in range(1, 7):
        container = sandbox.container(f"c{first}", image)
        before = mounts_made(foreign)
        outcome = lose_answers(command(container, tmp_path), first)
        lost += outcome.code != 0 and mounts_made(foreign) > before
        assert json.loads((sandbox.state / ".sandbox.json").read_text())["mounts_made"] >= mounts_made(foreign)
    assert lost > 0
    sandbox.delete()


def test_mount_that_nydusd_refuses_does_not_count(node, foreign, image):
    sandbox = node.sandbox_around(foreign, "s").create()
    container = sandbox.container("c", image)
    refused(container.hand_over_command(options_with(container, source="/etc/passwd")), "nydusd says")
    assert json.loads((sandbox.state / ".sandbox.json").read_text())["mounts_made"] == mounts_made(foreign) == 1
    sandbox.delete()


def test_mount_where_something_is_mounted_does_not_count(node, foreign, tmp_path):
    sandbox = node.sandbox_around(foreign, "s").create()

    def mount(place):
        return (node.tool, "nydusd", "mount", place, "--type=passthrough_fs", f"--source={tmp_path}", "--sandbox=s")

    check(run(*mount("/m")))
    for place, why in (("/m", "something is mounted there already"), ("/m/below", "lies below '/m'")):
        refused(mount(place), f"mount of '{place}': {why}")
        assert json.loads((sandbox.state / ".sandbox.json").read_text())["mounts_made"] == mounts_made(foreign) == 2
    sandbox.delete()


# Sandboxes that a hand-over makes


@pytest.fixture
def new_container(node, foreign, image):
    """Of a sandbox that is not there yet."""
    return node.sandbox_around(foreign, "n").container("c", image)


def settings_around(nydusd):
    return f"nydus.mode=kata,nydus.sandbox=n,nydus.container=c,nydus.apisock={nydusd.api_socket}"


def options_with(container, **changes):
    content = {
        "source": str(container.image.bootstrap),
        "config": container.image.configuration(container.cache),
        "snapshotdir": str(container.snapshot),
        **changes,
    }
    return container.options().replace(container.payload(), extra_option(content))


def test_refused_payload_makes_no_sandbox(new_container, foreign):
    """Nothing that nydusd could remember was asked of it, and it can still have its one sandbox."""
    options = options_with(new_container, snapshotdir="/etc")
    assert_refused(new_container, WRONG_CALL, (settings_around(foreign), options), "snapshotdir")
    assert not STATE.exists() and not SHARES.exists()
    assert "/containers" not in foreign.log.read_text()
    new_container.sandbox.create().delete()
    assert "/containers" in foreign.log.read_text()


def test_image_that_nydusd_refuses_leaves_the_sandbox_usable(new_container, foreign):
    sandbox = new_container.sandbox
    options = options_with(new_container, source="/etc/passwd")
    refused(new_container.hand_over_command(f"{settings_around(foreign)},{options}"), "nydusd says")
    assert served(foreign) == ["/containers"]
    assert (sandbox.show()["phase"], sandbox.show()["containers"]) == ("ready", [])
    new_container.hand_over()
    assert served(foreign) == ["/containers", "/rafs/c/lowerdir"]
    sandbox.delete()
