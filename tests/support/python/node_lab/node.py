# SPDX-License-Identifier: Apache-2.0
"""A node's root, and the installer that is run on it."""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nydus_stack.programs import SYSTEM_PATH

HELPER = "nydus-overlayfs"
# What was there before us, and where it is kept.
GO = "the Go helper\n"
KEPT = "usr/local/sbin/.nydus-overlayfs.nydus-kept"
PROGRAMS = "cp mv ln rm mkdir rmdir chmod sync".split()

# Runs a program, but what happens at the call of number $WHEN is $HOW. Counts calls in $COUNT.
DISTURBED = """#!/bin/sh
read -r number <"$COUNT"
number=$((number + 1))
echo "$number" >"$COUNT"
if [ "$number" = "$WHEN" ]; then
  case $HOW in
    killed-before) kill -9 0 ;;
    killed-after) {program} "$@"; kill -9 0 ;;
    fails) exit 1 ;;
  esac
fi
exec {program} "$@"
"""


@dataclass(frozen=True)
class Outcome:
    """How a run of the installer ended, and what it said."""

    code: int
    text: str


def describe(path):
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return f"-> {os.readlink(path)}"
    if stat.S_ISDIR(status.st_mode):
        return f"directory {status.st_mode & 0o7777:o} {status.st_uid}"
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()} {status.st_mode & 0o7777:o} {status.st_uid}"


def temporary_files(root):
    """What the installer keeps beside its destinations."""
    return [str(path) for path in root.rglob(".*.nydus-*")]


def picture(root):
    """Everything below the folder, by path."""
    return {str(path.relative_to(root)): describe(path) for path in sorted(root.rglob("*"))}


class Node:
    """A root with merged /usr and an empty /usr/local. `archive` is what is installed on it, by `shell`."""

    def __init__(self, root, archive, shell=("/bin/sh",)):
        self.root = root
        self.archive = archive
        self.shell = shell
        for name in ("usr/sbin", "usr/bin", "usr/local/sbin", "usr/local/bin", "usr/local/lib", "usr/local/share"):
            (root / name).mkdir(parents=True)
        for name in ("sbin", "bin"):
            (root / name).symlink_to(f"usr/{name}")
        self.put("usr/sbin/mount.fuse", "#!/bin/sh\n")

    def put(self, name, content):
        """A program of that name: a text, or the copy of a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, path)
        else:
            path.write_text(content)
        path.chmod(0o755)
        return path

    def picture(self):
        return picture(self.root)

    def command(self, *arguments):
        return [*map(str, self.shell), str(self.archive / "install.sh"), "--root", str(self.root), *arguments]

    def run(self, *arguments, **environment):
        """Runs the installer in a session of its own, so that it can be killed with all that it started."""
        done = subprocess.run(
            self.command(*arguments),
            env={"PATH": SYSTEM_PATH, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout)

    def install(self, *arguments):
        outcome = self.run(*arguments)
        assert outcome.code == 0, outcome.text
        return outcome.text

    def uninstall(self, *arguments):
        return self.install("--uninstall", *arguments)

    def refused(self, *arguments):
        """What the installer says when it fails; the node is what it was before."""
        before = self.picture()
        outcome = self.run(*arguments)
        assert outcome.code == 1, outcome.text
        after = self.picture()
        assert after == before, sorted(set(after.items()) ^ set(before.items()))
        return outcome.text

    def found(self, name=HELPER):
        """The program that the node runs by that name: the first one on PATH."""
        return shutil.which(name, path=os.pathsep.join(f"{self.root}{folder}" for folder in SYSTEM_PATH.split(":")))

    def version(self):
        helper = self.found()
        assert helper, "a moment without a helper"
        done = subprocess.run([helper, "--version"], capture_output=True, text=True, check=False)
        return done.stdout.strip()


class Disturber:
    """Lets a run of the installer go wrong at one of the calls by which it changes anything."""

    def __init__(self, directory):
        self._count = directory / "count"
        self._programs = directory / "programs"
        self._programs.mkdir()
        for name in PROGRAMS:
            path = self._programs / name
            path.write_text(DISTURBED.format(program=shutil.which(name, path=SYSTEM_PATH)))
            path.chmod(0o755)

    def run(self, node, *arguments, when=0, how=""):
        self._count.write_text("0\n")
        path = f"{self._programs}:{SYSTEM_PATH}"
        return node.run(*arguments, PATH=path, COUNT=str(self._count), WHEN=str(when), HOW=how)

    def calls(self, node, *arguments):
        """The number of calls of a run that nothing disturbs."""
        outcome = self.run(node, *arguments)
        assert outcome.code == 0, outcome.text
        return int(self._count.read_text())

    def kill(self, node, *arguments, when, how):
        outcome = self.run(node, *arguments, when=when, how=how)
        assert outcome.code == -signal.SIGKILL, outcome
