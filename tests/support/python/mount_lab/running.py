# SPDX-License-Identifier: Apache-2.0
"""Programs and system calls that mount and unmount."""

import contextlib
import ctypes
import errno
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

MNT_DETACH = 2
NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)

# Bare, as a service manager would have it; what the tests' own caller has set must not matter.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True)
class Outcome:
    """How a program ended and all it said."""

    code: int
    out: str
    err: str


def run(*command, **settings):
    settings = {"env": ENVIRONMENT, "stdin": subprocess.DEVNULL, "timeout": 60, **settings}
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False, **settings)
    return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def run_helper(helper, target, *options, source="overlay", switches=(), **settings):
    """The helper as mount(8) calls it."""
    return run(helper.path, source, target, *switches, "-o", ",".join(options), **settings)


def run_mount_program(target, *options, source="overlay", **settings):
    """The kernel's own overlay by mount(8), no helper asked: what ours is measured against."""
    return run("mount", "-i", "-t", "overlay", source, target, "-o", ",".join(options), **settings)


def check(outcome):
    assert outcome.code == 0, outcome
    return outcome


def _call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _bytes(text):
    return None if text is None else os.fsencode(text)


def mount(source, target, kind, flags=0, data=None):
    _call(LIBC.mount, _bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(data))


def unmount(target, flags=0):
    _call(LIBC.umount2, _bytes(target), flags)


def unmount_all(target):
    """Everything that is stacked on `target`; how many mounts that were."""
    for count in range(1000):
        try:
            unmount(target, MNT_DETACH)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return count
            raise
    raise AssertionError(f"{target} is mounted without end")


@contextlib.contextmanager
def private_copy(directory, scratch):
    """A writable view of a directory of the machine; what a test writes goes to `scratch`."""
    upper, work = Path(scratch) / "private-upper", Path(scratch) / "private-work"
    upper.mkdir()
    work.mkdir()
    mount("overlay", directory, "overlay", data=f"lowerdir={directory},upperdir={upper},workdir={work}")
    try:
        yield Path(directory)
    finally:
        unmount(directory, MNT_DETACH)
