# SPDX-License-Identifier: Apache-2.0
"""Calls that wait for an nydusd that is stopped, and how to tell that they do."""

import contextlib
import os
import signal
import subprocess

from mount_lab.running import ENVIRONMENT


@contextlib.contextmanager
def stopped(process_id):
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


def start(command):
    """A call that is waited for later."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([str(word) for word in command], env=ENVIRONMENT, **streams)


def opened_by(process):
    """What its descriptors are, as far as they stay open while this looks."""
    directory = f"/proc/{process.pid}/fd"
    found = []
    for descriptor in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"{directory}/{descriptor}"))
    return found


def is_connected(process):
    """Whether it asks nydusd."""
    return any(path.startswith("socket:") for path in opened_by(process))
