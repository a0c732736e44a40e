# SPDX-License-Identifier: Apache-2.0
"""Mounts that would not reach the guest are refused: it would see an empty directory and write to the share."""

from mount_lab.running import run

pytest_plugins = ["kata_lab.fixtures"]


def assert_refused(outcome, code, *phrases):
    assert outcome.code == code, outcome
    assert outcome.err.count("\n") == 1 and outcome.out == ""
    for phrase in phrases:
        assert phrase in outcome.err


def test_sandbox_on_a_private_mount(node):
    node.propagate(False)
    sandbox = node.sandbox("s")
    assert_refused(run(*sandbox.create_command()), 2, str(sandbox.share), "private mount", "--make-shared")
    assert node.left_over() == []


def test_hand_over_after_the_mount_was_made_private(node, image_of_version):
    sandbox = node.sandbox("s").create()
    made = node.left_over()
    node.propagate(False)
    container = sandbox.container("c", image_of_version["6"])
    assert_refused(run(*container.hand_over_command()), 32, str(container.seen_by_guest()), "does not propagate")
    assert node.left_over() == made
    # As the message says: once it is shared again, in a new sandbox.
    sandbox.delete()
    node.propagate(True)
    sandbox.create()
    container.hand_over()
    sandbox.delete()
    assert node.left_over() == []
