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
# Made again until something else has happened, once or more: a run may make fewer of them.
REPEATED = ("connect", "sendto", "recvfrom", "rmdir")
# Not made where nydusd, at its end, comes to remove its sockets itself.
SPARED = ("unlink",)
OPENING = ("open", "openat", "openat2")
ROUNDS = 4


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


class Killer:
    """Kills one operation at each of its steps in turn."""

    def __init__(self, log):
        self._log = log
        self._steps, self._killed = [], set()

    def learn(self, command, code=0):
        """Runs the operation undisturbed."""
        self._steps, self._killed = steps_of(self._log, command, code), set()

    def before_the_record(self):
        """The step at which all is there but the word that it is."""
        return [step for step in self._steps if step.call.startswith("rename")][-1]

    def each_step(self):
        """Those that a run did not come to once more: one that waits less for nydusd makes some calls less."""
        for _ in range(ROUNDS):
            yield from self._never_killed()

    def kill(self, command, step):
        if killed_before(step, self._log, command):
            self._killed.add(step)

    def kill_for_another(self, command, step):
        """A kill that leaves something to the operation that is looked at."""
        assert killed_before(step, self._log, command), step

    def assert_thorough(self):
        print(f"killed at {len(self._killed)} steps")
        assert len(self._steps) > 10
        missed = [str(step) for step in self._never_killed() if not self._may_be_missing(step)]
        assert not missed, missed

    @staticmethod
    def _may_be_missing(step):
        return step.call in SPARED or (step.call in REPEATED and step.number > 1)

    def _never_killed(self):
        return [step for step in self._steps if step not in self._killed]
