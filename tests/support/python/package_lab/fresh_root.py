# SPDX-License-Identifier: Apache-2.0
"""A freshly installed Debian for one test."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

from nydus_stack.programs import SYSTEM_PATH

TREE = Path(__file__).resolve().parents[4]
SETUP = TREE / "tests" / "packages" / "fresh-root"
HOLDER = Path(__file__).with_name("holder.py")

ENVIRONMENT = {
    "PATH": SYSTEM_PATH,
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
CHANGED_BYTES = 1 << 30
COMMAND_SECONDS = 180


class CommandFailed(AssertionError):
    """A command on the fresh machine did not end with 0; says all that it wrote."""


class FreshRoot:
    """A root of its own with mount and process namespaces around it; use as a context manager.

    `release` is debian12 or debian13, `flavour` plain or node (tests/packages/fresh-root says what they hold). Any
    change goes to an overlay in memory of at most `size` bytes. What runs there ends with this process in any case.
    `process_id` is that of its first process, seen from here.
    """

    def __init__(self, release="debian12", flavour="plain", size=CHANGED_BYTES):
        self.release = release
        self._flavour = flavour
        self._size = size
        self.process_id = None
        self._holder = None

    def __enter__(self):
        lower = subprocess.run(
            [SETUP, self.release, self._flavour], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        self._holder = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL"),
                *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"),
                *(sys.executable, "-B", HOLDER, lower, str(self._size)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process_id = self._holder.stdout.readline().strip()
        if not self.process_id:
            self.__exit__()
            raise RuntimeError(f"no fresh {self.release}: the reason stands above")
        return self

    def __exit__(self, *exception):
        with contextlib.suppress(BrokenPipeError):
            self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()

    def path(self, inside):
        """Where a file of the machine is seen from here. Absolute links in it lead astray."""
        return Path(f"/proc/{self.process_id}/root") / str(inside).lstrip("/")

    def copy_in(self, source, target):
        """Copies a file there, with its mode, or a folder; makes the folders above."""
        destination = self.path(target)
        destination.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            shutil.copytree(source, destination, symlinks=True)
        else:
            shutil.copy(source, destination)
        return target

    def command(self, argv):
        """What to execute here so that `argv` runs there; the environment is the caller's."""
        entering = ("nsenter", "--target", self.process_id, "--mount", "--pid", "--root", "--wdns=/", "--")
        return [*entering, *map(str, argv)]

    def run(self, argv, check=True, env=None, input=None, seconds=COMMAND_SECONDS):
        """Runs a program there and returns a CompletedProcess of text.

        `env` is added to an environment as systemd gives it to services.
        """
        done = self.run_here(self.command(argv), env, input, seconds)
        if check and done.returncode != 0:
            words = " ".join(map(str, argv))
            outputs = f"{done.stdout}{done.stderr}"
            raise CommandFailed(f"{self.release}: {words} ended with {done.returncode}:\n{outputs}")
        return done

    def start(self, argv):
        """Starts a program there; its outputs come together through a pipe."""
        return subprocess.Popen(
            self.command(argv),
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def run_here(command, env=None, input=None, seconds=COMMAND_SECONDS):
        """Runs what `command` gave, or something around it, in the environment of the machine."""
        return subprocess.run(
            list(map(str, command)),
            env={**ENVIRONMENT, **(env or {})},
            stdin=subprocess.DEVNULL if input is None else None,
            input=input,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def shell(self, script, **settings):
        """Runs a shell script there that ends at the first failure."""
        return self.run(["/bin/sh", "-ec", script], **settings)
