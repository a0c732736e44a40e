# SPDX-License-Identifier: Apache-2.0
"""A tree of cgroups for one test alone, where the tool looks for the machine's."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

from mount_lab import running

SEEN = Path("/sys/fs/cgroup")
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 1 << 5, 1 << 12
SETTLE_SECONDS = 5


def leaves():
    """Names of the cgroups that the tool has made, where version 2 has the tree to itself."""
    return sorted(path.name for path in (SEEN / "nydus-overlayfs").glob("nydusd-*"))


def cgroup_of(process_id):
    """Its cgroup of version 2."""
    lines = Path(f"/proc/{process_id}/cgroup").read_text().splitlines()
    return next(line.removeprefix("0::") for line in lines if line.startswith("0::"))


def remove_leaf_of(process_id):
    """Of a nydusd that a test has killed, in the machine's own tree too."""
    for root in (SEEN, SEEN / "unified"):
        leaf = root / "nydus-overlayfs" / f"nydusd-{process_id}"
        if leaf.exists():
            remove(leaf)


class Cgroups:
    """A cgroup of ours is mounted where the tool looks for the root. OSError where none can be made."""

    def __init__(self, below="."):
        """`below` SEEN it is mounted: at `unified`, where version 1 has the controllers."""
        root = next((path for path in (SEEN, SEEN / "unified") if (path / "cgroup.procs").exists()), SEEN)
        self.top = Path(tempfile.mkdtemp(prefix="nydus-test-", dir=root))
        self.place = SEEN / below
        self._mounts = [SEEN]
        # Once SEEN is hidden, there is no other way to it.
        directory = os.open(self.top, os.O_PATH)
        if below != ".":
            running.mount("cgroups", SEEN, "tmpfs")
            self.place.mkdir()
            self._mounts.insert(0, self.place)
        running.mount(f"/proc/self/fd/{directory}", self.place, None, MS_BIND)
        os.close(directory)

    def make_read_only(self):
        running.mount(None, self.place, None, MS_REMOUNT | MS_BIND | MS_RDONLY)

    def leaf_of(self, process_id):
        """Where the kernel says the process is, if the tool has moved it."""
        return f"/{self.top.name}/nydus-overlayfs/nydusd-{process_id}"

    def close(self):
        """Whatever ran in there has been killed."""
        for place in self._mounts:
            running.unmount(place, running.MNT_DETACH)
        for directory, _, _ in os.walk(self.top, topdown=False):
            remove(directory)


def remove(directory):
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return os.rmdir(directory)
        time.sleep(0.01)
    return os.rmdir(directory)
