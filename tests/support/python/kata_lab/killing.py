# SPDX-License-Identifier: Apache-2.0
"""Ends a program at a chosen step: right before one of the system calls by which others learn of it.

The state right before a call is the one right after the call before it, because nothing else changes any. Calls that
wait for nydusd count as steps too: it acts between a request and its answer.
"""

import re
import signal
from collections import Counter
from dataclasses import dataclass

from mount_lab.running import run

FILES = (
    "open openat openat2 creat mkdir mkdirat rename renameat renameat2 unlink unlinkat rmdir link linkat symlink "
    "symlinkat write writev pwrite64 ftruncate chmod fchmod fchmodat chown fchown fchownat"
).split()
MOUNTS = "mount umount2 open_tree move_mount mount_setattr".split()
PROCESSES = "fork vfork clone clone3 execveat kill pidfd_send_signal".split()
CONVERSATION = "connect sendto sendmsg recvfrom recvmsg".split()
STEPS = (*FILES, *MOUNTS, *PROCESSES, *CONVERSATION)

CALL = re.compile(r"(\w+)\((.*)")
OPENING = ("open", "openat", "openat2")


@dataclass(frozen=True)
class Step:
    """The N-th call of this name, counted from 1."""

    call: str
    number: int

    def __str__(self):
        return f"{self.call} {self.number}"


def trace(log, command, *terms):
    """Runs a command alone, without what it starts; every call that may be a step is a line of the log."""
    # A question mark: not every architecture has all of them.
    calls = ",".join(f"?{name}" for name in STEPS)
    return run("strace", "-qq", "-o", log, "-e", f"trace={calls}", *terms, "--", *command)


def steps_of(log, command, code=0):
    """The steps of a run that nothing disturbs, and that ends with this exit code."""
    outcome = trace(log, command)
    assert outcome.code == code, outcome
    counts, steps = Counter(), []
    for line in log.read_text(errors="replace").splitlines():
        match = CALL.match(line)
        if not match:
            continue
        call, arguments = match.groups()
        counts[call] += 1
        if call not in OPENING or "O_CREAT" in arguments or "O_TMPFILE" in arguments:
            steps.append(Step(call, counts[call]))
    return steps


def killed_before(step, log, command):
    """True if the command was killed there; False if it ended before it made so many of these calls."""
    outcome = trace(log, command, "-e", f"inject={step.call}:signal=SIGKILL:when={step.number}")
    return outcome.code == -signal.SIGKILL
