# SPDX-License-Identifier: Apache-2.0
"""A fresh tmpfs with layers whose files tell which layer they are from."""

import os
import shutil
from pathlib import Path

from mount_lab import running
from mount_lab.records import record_at

# The tests' private /run: short, open to every user, and the same path in every run.
DIRECTORY = Path("/run/mount-lab")


def escape(path):
    """A path as overlay options spell it."""
    return "".join("\\" + byte if byte in "\\:," else byte for byte in str(path))


class Lab:
    """Directories of one test: `target` to mount on, `upper` and `work`, and layers as asked for."""

    def __init__(self, directory=DIRECTORY):
        self.directory = directory
        self.target = directory / "target"
        self.upper = directory / "upper"
        self.work = directory / "work"
        for path in (self.target, self.upper, self.work):
            path.mkdir()

    def renew(self):
        """An upper directory that has been mounted once makes the next mount another one (uuid=auto)."""
        for path in (self.upper, self.work):
            shutil.rmtree(path)
            path.mkdir()

    def layer(self, name, number):
        path = self.directory / name
        make_layer(path, number)
        return path

    def layers(self, count, name="layer-{}"):
        return [self.layer(name.format(number), number) for number in range(count)]

    def options(self, layers, *words, writable=True):
        options = [lowerdir(layers), *words]
        if writable:
            options += [f"upperdir={escape(self.upper)}", f"workdir={escape(self.work)}"]
        return options

    def tree(self):
        """Every path below the lab. A failed mount must leave it as it was."""
        return sorted(
            os.path.join(place, name) for place, below, files in os.walk(self.directory) for name in below + files
        )


def lowerdir(layers):
    return "lowerdir=" + ":".join(escape(layer) for layer in layers)


def make_layer(path, number):
    """The layer with this place in the stack: a file of its own, and one that hides those below."""
    os.makedirs(path)
    # By descriptor: the files' paths may be longer than the kernel takes.
    directory = os.open(path, os.O_PATH | os.O_DIRECTORY)
    try:
        for name in (f"only-in-{number}", "topmost"):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=directory)
            os.write(file, f"{number}\n".encode())
            os.close(file)
    finally:
        os.close(directory)


def assert_content(target, count):
    """That `count` layers are merged at `target`, in the right order."""
    target = Path(target)
    for number in sorted({0, count // 2, count - 1}):
        assert (target / f"only-in-{number}").read_text() == f"{number}\n"
    assert not (target / f"only-in-{count}").exists()
    assert (target / "topmost").read_text() == "0\n"


def take_record(lab, outcome, count):
    """The kernel's record of the mount that a program has just made, which is then taken away; else its exit code."""
    record = record_at(lab.target)
    if outcome.code != 0:
        assert record is None, outcome
        return f"exit {outcome.code}"
    assert record is not None, outcome
    assert_content(lab.target, count)
    running.unmount(lab.target)
    assert record_at(lab.target) is None
    lab.renew()
    return record
