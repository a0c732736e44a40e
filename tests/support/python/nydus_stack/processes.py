# SPDX-License-Identifier: Apache-2.0
"""Background programs: started, watched and stopped by process id."""

import os
import signal
import subprocess
import time
from pathlib import Path

STOP_SECONDS = 15


class ProcessGroup:
    """The programs of one test stack. Each one logs to DIRECTORY/NAME.log."""

    def __init__(self, directory, environment):
        self._directory = Path(directory)
        self._environment = environment
        self._running = []

    def start(self, name, arguments):
        with open(self.log(name), "ab") as log:
            process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        self._running.append((name, process))

    def log(self, name):
        return self._directory / f"{name}.log"

    def wait_until(self, what, is_ready, seconds=30):
        deadline = time.monotonic() + seconds
        while not is_ready():
            self._raise_if_one_died()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} is not there after {seconds} s")
            time.sleep(0.02)

    def _raise_if_one_died(self):
        for name, process in self._running:
            if process.poll() is not None:
                last_words = self.log(name).read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{name} ended with status {process.returncode}:\n{last_words}")

    def stop_all(self):
        """Stops the last started first. Returns the names of those that had to be killed."""
        stubborn = []
        for name, process in reversed(self._running):
            if process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                stubborn.append(name)
                process.kill()
                process.wait()
        self._running.clear()
        return stubborn


def processes_naming(text):
    """Process id and command line of every process whose command line contains `text`, this one excepted."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if text in command:
            found[int(entry.name)] = command
    return found


def terminate(process_id):
    try:
        os.kill(process_id, signal.SIGTERM)
    except ProcessLookupError:
        pass
