# SPDX-License-Identifier: Apache-2.0
"""What there is on a node that a sandbox could leave behind."""

import os
from dataclasses import dataclass
from pathlib import Path

from mount_lab.records import table

from kata_lab.cgroups import leaves

# Kata's and our directories for all sandboxes, and the nydusds that sandboxes have claimed, outlive each of them.
LASTING = frozenset(
    f"/run/{name}"
    for name in (
        "nydus-overlayfs",
        "nydus-overlayfs/.claims.json",
        "kata-containers",
        "kata-containers/shared",
        "kata-containers/shared/sandboxes",
        "kata-containers/shared/direct-volumes",
    )
)


@dataclass(frozen=True)
class Inventory:
    """Mounts, files (sockets are among them), processes and cgroups of this mount namespace."""

    mounts: tuple
    files: frozenset
    processes: dict
    cgroups: tuple

    def difference(self, before):
        """What is here and was not there before, in words."""
        extra = [place for place, _ in self.mounts]
        for place, _ in before.mounts:
            if place in extra:
                extra.remove(place)
        news = [f"mount {place}" for place in extra]
        news += [f"file {path}" for path in sorted(self.files - before.files - LASTING)]
        news += [f"process {line}" for pid, line in self.processes.items() if pid not in before.processes]
        news += [f"cgroup {name}" for name in self.cgroups if name not in before.cgroups]
        return news


def processes_here():
    """{process ID: command line} of the processes in this mount namespace. A dead one has no namespace."""
    own = os.stat("/proc/self/ns/mnt").st_ino
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.stat(entry / "ns/mnt").st_ino == own:
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    return found


def files_below(directory):
    return frozenset(
        os.path.join(place, name) for place, below, files in os.walk(directory) for name in below + files
    )


def take_inventory(directory="/run"):
    return Inventory(tuple(table()), files_below(directory), processes_here(), tuple(leaves()))
