# SPDX-License-Identifier: Apache-2.0
"""How each program has to refuse: its exit code, and one line that says why."""

from pathlib import Path

from mount_lab.running import run

from kata_lab.inventory import files_below
from kata_lab.node import STATE
from kata_lab.picture import unchanged

KATA = Path("/run/kata-containers")
WRONG_CALL = 1
NOT_USABLE = {"nydus-overlayctl": 2, "mount.fuse.nydus-overlayfs": 32}


def refused(command, *phrases, code=None, through=(), **settings):
    """`through` is a program with its words that runs the command."""
    outcome = run(*through, *command, **settings)
    assert (outcome.code, outcome.out) == (code or NOT_USABLE[Path(command[0]).name], ""), outcome
    assert outcome.err.count("\n") == 1 and outcome.err.endswith("\n"), outcome
    for phrase in phrases:
        assert phrase in outcome.err, outcome


def refused_without_a_change(command, *phrases, **settings):
    """Neither a name in all of /run changes, nor anything that sandboxes have."""
    names = files_below("/run")
    with unchanged(*(path for path in (STATE, KATA) if path.exists())):
        refused(command, *phrases, **settings)
    assert files_below("/run") == names
