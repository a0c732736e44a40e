# SPDX-License-Identifier: Apache-2.0
"""What the kernel records about mounts."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """One line of mountinfo, unescaped."""

    target: str
    options: frozenset
    kind: str
    source: str
    super_options: tuple

    def layers(self):
        """The lower directories, however the kernel spells them."""
        layers = []
        for option in self.super_options:
            name, _, value = option.partition("=")
            if name == "lowerdir":
                layers += value.split(":")
            elif name == "lowerdir+":
                layers.append(value)
        return layers


def unescape(field):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def parse(line):
    before, _, after = line.rstrip("\n").partition(" - ")
    fields = before.split(" ")
    kind, source, super_options = after.split(" ", 2)
    return Mount(
        target=unescape(fields[4]),
        options=frozenset(fields[5].split(",")),
        kind=kind,
        source=unescape(source),
        super_options=tuple(unescape(option) for option in super_options.split(",")),
    )


def mounts_below(directory, process="self"):
    """All mounts whose target lies in `directory`, in the order they were made."""
    text = Path(f"/proc/{process}/mountinfo").read_text(errors="surrogateescape")
    mounts = [parse(line) for line in text.splitlines()]
    return [mount for mount in mounts if mount.target.startswith(f"{directory}/")]


def mount_at(target, process="self"):
    """The topmost mount on `target`, or None."""
    found = [mount for mount in mounts_below(Path(target).parent, process) if mount.target == str(target)]
    return found[-1] if found else None


def detach(target):
    subprocess.run(["umount", "-l", target], check=False, stderr=subprocess.DEVNULL)
