# SPDX-License-Identifier: Apache-2.0
"""The tool is killed at every step of every operation. Whoever calls it next finds all there is, and nothing stays.

What comes next is the same call again, or the one that takes all back.
"""

import time

import pytest
from kata_lab.killing import killed_before, steps_of
from mount_lab.records import records_at

pytest_plugins = ["kata_lab.fixtures"]

SETTLING_SECONDS = 5


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


class Killer:
    """Kills one operation at each of its steps in turn."""

    def __init__(self, log):
        self._log = log
        self.steps = []
        self.killed = 0

    def learn(self, command):
        """Runs the operation undisturbed."""
        self.steps = steps_of(self._log, command)

    def kill(self, command, step):
        self.killed += killed_before(step, self._log, command)

    def assert_thorough(self, operation):
        """A run that waits for nydusd may make some calls less than the one that was learned from."""
        print(f"{operation}: killed at {self.killed} of {len(self.steps)} steps")
        assert self.killed >= 0.8 * len(self.steps) > 10


@pytest.fixture
def killer(tmp_path):
    return Killer(tmp_path / "calls")


def assert_nothing_left(node, name=""):
    """A process whose parent was killed takes a moment to notice."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        left = [line for line in node.left_over() if name in line]
        if not left or time.monotonic() > deadline:
            assert left == []
            return
        time.sleep(0.02)


def assert_shared_once(container):
    assert len(records_at(container.bind())) == 1
    assert len(container.storages()) == 1


def test_create(node, killer):
    sandbox = node.sandbox("s")
    killer.learn(sandbox.create_command())
    sandbox.delete()
    for step in killer.steps:
        killer.kill(sandbox.create_command(), step)
        sandbox.create()
        sandbox.delete()
        assert_nothing_left(node)
    killer.assert_thorough("create, then create and delete")


def test_create_then_delete(node, killer):
    sandbox = node.sandbox("s")
    killer.learn(sandbox.create_command())
    sandbox.delete()
    for step in killer.steps:
        killer.kill(sandbox.create_command(), step)
        sandbox.delete()
        assert_nothing_left(node)
    killer.assert_thorough("create, then delete")


def test_hand_over(node, image, killer):
    sandbox = node.sandbox("s").create()
    killer.learn(sandbox.container("learned", image).hand_over_command())
    for number, step in enumerate(killer.steps):
        container = sandbox.container(f"c{number}", image)
        killer.kill(container.hand_over_command(), step)
        container.hand_over()
        assert_shared_once(container)
        container.unshare()
        assert_nothing_left(node, container.name)
    killer.assert_thorough("hand-over, then hand-over and unshare")
    sandbox.delete()
    assert_nothing_left(node)


def test_hand_over_then_unshare(node, image, killer):
    sandbox = node.sandbox("s").create()
    killer.learn(sandbox.container("learned", image).hand_over_command())
    for number, step in enumerate(killer.steps):
        container = sandbox.container(f"c{number}", image)
        killer.kill(container.hand_over_command(), step)
        container.unshare()
        assert_nothing_left(node, container.name)
    killer.assert_thorough("hand-over, then unshare")
    sandbox.delete()
    assert_nothing_left(node)


def test_hand_over_then_delete(node, image, killer):
    sandbox = node.sandbox("s").create()
    killer.learn(sandbox.container("learned", image).hand_over_command())
    for number, step in enumerate(killer.steps):
        killer.kill(sandbox.container(f"c{number}", image).hand_over_command(), step)
    killer.assert_thorough("hand-over, then delete of the sandbox")
    sandbox.delete()
    assert_nothing_left(node)


def test_unshare(node, image, killer):
    sandbox = node.sandbox("s").create()
    killer.learn(sandbox.container("learned", image).hand_over().unshare_command())
    for number, step in enumerate(killer.steps):
        container = sandbox.container(f"c{number}", image).hand_over()
        killer.kill(container.unshare_command(), step)
        container.unshare()
        assert_nothing_left(node, container.name)
    killer.assert_thorough("unshare, then unshare")
    sandbox.delete()
    assert_nothing_left(node)


def test_unshare_then_delete(node, image, killer):
    sandbox = node.sandbox("s").create()
    killer.learn(sandbox.container("learned", image).hand_over().unshare_command())
    for number, step in enumerate(killer.steps):
        killer.kill(sandbox.container(f"c{number}", image).hand_over().unshare_command(), step)
    killer.assert_thorough("unshare, then delete of the sandbox")
    sandbox.delete()
    assert_nothing_left(node)


def test_delete(node, image, killer):
    sandbox = node.sandbox("s").create()
    sandbox.container("learned", image).hand_over()
    killer.learn(sandbox.delete_command())
    for number, step in enumerate(killer.steps):
        sandbox.create()
        sandbox.container(f"c{number}", image).hand_over()
        killer.kill(sandbox.delete_command(), step)
        sandbox.delete()
        assert_nothing_left(node)
    killer.assert_thorough("delete, then delete")
