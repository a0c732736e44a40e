# SPDX-License-Identifier: Apache-2.0
"""How a failure has to look: one line that names the place, an exit code of mount(8), and nothing left behind."""

from mount_lab.records import table
from mount_lab.running import run_helper

PREFIX = "mount.fuse.nydus-overlayfs: "


def assert_refused(lab, command, code, *phrases):
    """That the call fails as it should; what was said."""
    before = (table(), lab.tree())
    outcome = command()
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert outcome.err.startswith(PREFIX) and outcome.err.endswith("\n") and outcome.err.count("\n") == 1, outcome
    for phrase in phrases:
        assert phrase in outcome.err
    assert (table(), lab.tree()) == before
    return outcome.err


def assert_helper_refuses(helper, lab, code, options, *phrases, target=None, **settings):
    target = lab.target if target is None else target
    return assert_refused(lab, lambda: run_helper(helper, target, *options, **settings), code, *phrases)
