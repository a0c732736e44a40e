# SPDX-License-Identifier: Apache-2.0
"""dpkg, killed right before one of the system calls by which names of files change."""

import re
import signal
from collections import Counter

# Only dpkg itself makes these; rm(1), which it starts, makes others.
CALLS = ("rename", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink")
CALL = re.compile(r"\d+ +(\w+)\((.*)")
OURS = re.compile(r"/(usr/s?bin|etc)/[^\"]*nydus")
# Of the calls on dpkg's own files, every so manieth is a step.
STRIDE = 20


def traced(machine, log, dpkg, *terms):
    # A question mark: not every architecture has all of them.
    calls = ",".join(f"?{name}" for name in CALLS)
    strace = ["strace", "-f", "-qq", "-s", "300", "-o", log, "-e", f"trace={calls}", *terms, "--"]
    return machine.root.run_here([*strace, *dpkg])


def steps_of(machine, log, dpkg):
    """(call, number of that call) of each change to our programs, and of some to dpkg's own files."""
    done = traced(machine, log, dpkg)
    assert done.returncode == 0, done.stderr
    counts, steps = Counter(), []
    for call, arguments in CALL.findall(log.read_text(errors="replace")):
        counts[call] += 1
        if OURS.search(arguments) or counts.total() % STRIDE == 0:
            steps.append((call, counts[call]))
    return steps


def kill_before(machine, log, dpkg, step):
    """True if dpkg was killed there."""
    call, number = step
    done = traced(machine, log, dpkg, "-e", f"inject={call}:signal=SIGKILL:when={number}")
    return done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
