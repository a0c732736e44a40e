# SPDX-License-Identifier: Apache-2.0
"""Lines of mountinfo as the kernel wrote them: two mounts are alike if these texts are."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """What one line says, save the IDs, which differ from mount to mount."""

    options: str
    propagation: str
    kind: str
    source: str
    super_options: str

    def flags(self):
        return set(self.options.split(","))

    def super_words(self):
        return self.super_options.split(",")

    def without_layers(self):
        """The same for both ways to name layers, `lowerdir=A:B` and `lowerdir+=A,lowerdir+=B`."""
        words = [word for word in self.super_words() if not word.startswith(("lowerdir=", "lowerdir+="))]
        return self.options, self.propagation, self.kind, self.source, tuple(words)


def unescape(field):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def table(process="self"):
    """Every mount: pairs of target and record, in the order in which they were made."""
    text = Path(f"/proc/{process}/mountinfo").read_text(errors="surrogateescape")
    mounts = []
    for line in text.split("\n")[:-1]:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        kind, source, super_options = after.split(" ", 2)
        propagation = re.sub("[0-9]+", "N", " ".join(fields[6:]))
        mounts.append((unescape(fields[4]), Record(fields[5], propagation, kind, source, super_options)))
    return mounts


def records_at(target, process="self"):
    return [record for place, record in table(process) if place == str(target)]


def record_at(target, process="self"):
    """The topmost mount on `target`, or None."""
    return (records_at(target, process) or [None])[-1]


def mounts_of(source):
    """How often a directory of the host is mounted: its place on its own file system is the mount's root."""
    roots = [line.split(" ")[3] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return sum(str(source).endswith(root) for root in roots if root != "/")
