# SPDX-License-Identifier: Apache-2.0
"""A nydusd that outlives its caller runs in a cgroup of its own where that is possible, and leaves none behind."""

import os
import signal
import subprocess

import pytest
from kata_lab.cgroups import SEEN, Cgroups, cgroup_of, leaves
from kata_lab.killing import Step, killed_before, steps_of
from kata_lab.node import Node
from kata_lab.standalone import Standalone, wait_until
from mount_lab import running
from mount_lab.requirements import need_program, skip
from mount_lab.running import check, run

AT_ONCE = 6


def make_cgroups(*settings):
    try:
        return Cgroups(*settings)
    except OSError as error:
        return skip(f"no cgroup v2 can be made: {error}")


@pytest.fixture
def cgroups(root):
    cgroups = make_cgroups()
    yield cgroups
    cgroups.close()


@pytest.fixture
def place(cgroups, tool, tmp_path):
    place = Standalone(tmp_path / "place", tool, need_program("nydusd"))
    yield place
    place.close()


@pytest.fixture
def unit(cgroups):
    """The caller's cgroup."""
    unit = SEEN / "unit"
    unit.mkdir()
    return unit


def enter(cgroup):
    return lambda: (cgroup / "cgroup.procs").write_text(str(os.getpid()))


def make_leaf(name):
    leaf = SEEN / "nydus-overlayfs" / name
    leaf.mkdir(parents=True)
    return leaf


def test_nydusd_leaves_its_callers_cgroup(cgroups, place, unit):
    check(run(*place.start_command(), preexec_fn=enter(unit)))
    [nydusd] = place.processes()
    assert cgroup_of(nydusd) == cgroups.leaf_of(nydusd)
    # As systemd ends a unit.
    (unit / "cgroup.kill").write_text("1")
    assert place.serves()
    check(place.stop())
    assert leaves() == []


def test_nydusd_in_the_foreground_stays_with_its_caller(cgroups, place):
    tool, nydusd = place.foreground()
    assert cgroup_of(nydusd) == cgroup_of(tool.pid)
    tool.terminate()
    tool.communicate()
    assert leaves() == []


def test_sandboxes_nydusd_has_its_own_until_the_sandbox_is_deleted(root, tool, first_helper, tmp_path):
    make_cgroups().close()
    node = Node(tmp_path, first_helper.path, tool, need_program("nydusd"))
    try:
        sandbox = node.sandbox("s").create()
        nydusd = sandbox.show()["nydusd"]["pid"]
        assert cgroup_of(nydusd) == node.cgroups.leaf_of(nydusd)
        assert f"cgroup nydusd-{nydusd}" in node.left_over()
        os.kill(nydusd, signal.SIGKILL)
        sandbox.delete()
        assert node.left_over() == []
    finally:
        node.close()


def test_of_two_trees_that_of_version_2_is_taken(root, tool, tmp_path):
    cgroups = make_cgroups("unified")
    place = Standalone(tmp_path / "place", tool, need_program("nydusd"))
    try:
        nydusd = place.started()
        assert cgroup_of(nydusd) == cgroups.leaf_of(nydusd)
        check(place.stop())
        assert list((cgroups.place / "nydus-overlayfs").glob("nydusd-*")) == []
    finally:
        place.close()
        cgroups.close()


# Where it is not possible.


def assert_stays(place):
    nydusd = place.started()
    assert cgroup_of(nydusd) == cgroup_of("self")
    assert place.serves()
    assert leaves() == []
    check(place.stop())
    assert place.left_over() == []


def test_read_only_tree(cgroups, place):
    cgroups.make_read_only()
    assert_stays(place)


def test_no_tree(place):
    running.mount("none", SEEN, "tmpfs")
    assert_stays(place)
    running.unmount(SEEN)


def test_tree_that_takes_no_more_cgroups(place):
    (SEEN / "cgroup.max.descendants").write_text("0")
    assert_stays(place)


def test_cgroup_that_takes_no_process_is_removed(place):
    (SEEN / "cgroup.type").write_text("threaded")
    assert_stays(place)
    assert (SEEN / "nydus-overlayfs" / "cgroup.type").read_text() == "domain invalid\n"


# What is left.


def test_failed_start_leaves_none(place):
    assert place.start(nydusd=place.program("exit 7")).code == 2
    stand_in = place.program("")
    stand_in.write_text("#!/missing\n")
    assert place.start(nydusd=stand_in).code == 2
    assert (SEEN / "nydus-overlayfs").is_dir()
    assert leaves() == []


def test_start_removes_what_others_have_left_and_nothing_else(place):
    make_leaf("nydusd-1")
    make_leaf("other")
    used = make_leaf("nydusd-2")
    with subprocess.Popen(["sleep", "600"], preexec_fn=enter(used)) as user:
        nydusd = place.started()
        assert leaves() == sorted(["nydusd-2", f"nydusd-{nydusd}"])
        check(place.stop())
        assert leaves() == ["nydusd-2"]
        assert (used.parent / "other").is_dir()
        user.kill()


def test_killed_nydusds_one_goes_with_the_next_start(place):
    former = place.started()
    os.kill(former, signal.SIGKILL)
    wait_until(lambda: not place.processes())
    assert leaves() == [f"nydusd-{former}"]
    nydusd = place.started()
    assert leaves() == [f"nydusd-{nydusd}"]


def test_killed_tools_one_goes_with_the_next_start(place, tmp_path):
    trace = tmp_path / "trace"
    steps = steps_of(trace, place.start_command())
    check(place.stop())
    made = steps.index(Step("mkdir", 2))
    left = 0
    for step in steps[made : made + 5]:
        assert killed_before(step, trace, place.start_command()), step
        place.wait_for_guard()
        left += len(leaves())
        nydusd = place.started()
        assert leaves() == [f"nydusd-{nydusd}"], step
        check(place.stop())
        assert leaves() == [], step
    assert left > 0


def test_starts_at_once_do_not_take_each_others_away(cgroups, place, tmp_path):
    places = [Standalone(tmp_path / str(number), place.tool, place.nydusd) for number in range(AT_ONCE)]
    tools = [each.in_background() for each in places]
    for each, tool in zip(places, tools):
        assert (tool.wait(), tool.communicate()[1]) == (0, "")
        [nydusd] = each.processes()
        assert cgroup_of(nydusd) == cgroups.leaf_of(nydusd)
    for each in places:
        check(each.stop())
        each.close()
    assert leaves() == []
