# SPDX-License-Identifier: Apache-2.0
"""A node that runs sandboxes: its own /run, the two programs side by side, and snapshots of containers."""

import base64
import contextlib
import json
import os
import shutil
import signal
import stat
from dataclasses import dataclass
from pathlib import Path

from mount_lab import running
from mount_lab.running import check, run

from kata_lab.cgroups import Cgroups
from kata_lab.inventory import processes_here, take_inventory

MS_PRIVATE = 1 << 18
MS_SHARED = 1 << 20
STATE = Path("/run/nydus-overlayfs")
SHARES = Path("/run/kata-containers/shared/sandboxes")
# Where a layout puts what the host mounts, and what nydusd serves (kata/sandbox_paths.h).
SUBMOUNTS = {"go": "mounts", "rs": "rw"}
SERVED = {"go": "shared", "rs": "rw"}


class Node:
    """Mounts are seen by nobody else, but propagate among themselves as on a node with systemd. Nor are cgroups."""

    def __init__(self, directory, helper, tool, nydusd):
        """`directory` is for what containers write; it must take any extended attribute."""
        self.directory = Path(directory)
        self.nydusd = nydusd
        running.mount("node", "/run", "tmpfs", data="mode=0755")
        self.propagate(True)
        programs = Path("/run/programs")
        programs.mkdir()
        # The helper looks for the tool beside itself.
        self.helper = shutil.copy(helper, programs / "mount.fuse.nydus-overlayfs")
        self.tool = shutil.copy(tool, programs / "nydus-overlayctl")
        # Not everywhere can a cgroup be made; then the tool makes none.
        self.cgroups = None
        with contextlib.suppress(OSError):
            self.cgroups = Cgroups()
        self.before = take_inventory()

    def propagate(self, shared):
        running.mount(None, "/run", None, MS_SHARED if shared else MS_PRIVATE)

    def close(self):
        """A test that failed may have left a nydusd."""
        for process, command in processes_here().items():
            if process not in self.before.processes and str(self.nydusd) in command:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        if self.cgroups:
            self.cgroups.close()
        running.unmount("/run", running.MNT_DETACH)

    def run_tool(self, *arguments, **settings):
        return run(self.tool, *arguments, **settings)

    def left_over(self):
        """What sandboxes have left behind since the node was made, in words."""
        return take_inventory().difference(self.before)

    def sandbox(self, name, layout="go", *settings):
        """`settings` are further words for `sandbox create`."""
        return Sandbox(self, name, layout, settings)

    def sandbox_around(self, nydusd, name):
        """With a nydusd that runs already."""
        return Sandbox(self, name, "go", api_socket=nydusd.api_socket)


@dataclass
class Sandbox:
    """One sandbox by its name; nothing is there before create()."""

    node: Node
    name: str
    layout: str
    settings: tuple = ()
    api_socket: Path | None = None

    @property
    def state(self):
        return STATE / self.name

    @property
    def share(self):
        return SHARES / self.name

    def create_command(self):
        nydusd = f"--apisock={self.api_socket}" if self.api_socket else f"--nydusd={self.node.nydusd}"
        return [self.node.tool, "sandbox", "create", self.name, f"--layout={self.layout}", nydusd, *self.settings]

    def create(self):
        check(run(*self.create_command()))
        return self

    def delete_command(self):
        return [self.node.tool, "sandbox", "delete", self.name]

    def delete(self):
        check(run(*self.delete_command()))

    def show(self):
        (sandbox,) = json.loads(check(self.node.run_tool("sandbox", "show", self.name, "--json")).out)["sandboxes"]
        return sandbox

    def container(self, name, image):
        return Container(self, name, image)

    def bound_container(self, name):
        return BoundContainer(self, name)


class Container:
    """A container with a snapshot to write to, on an image."""

    # What the host mounts in the container's directory.
    BOUND = "snapshotdir"

    def __init__(self, sandbox, name, image):
        self.sandbox, self.name, self.image = sandbox, name, image
        place = sandbox.node.directory / sandbox.name
        self.cache = place / "cache"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.snapshot = place / name
        for part in ("fs", "work", "empty"):
            (self.snapshot / part).mkdir(parents=True)
        self.upper = self.snapshot / "fs"

    def payload(self, snapshot_directory=None):
        content = {
            "source": str(self.image.bootstrap),
            "config": self.image.configuration(self.cache),
            "snapshotdir": str(snapshot_directory or self.snapshot),
            "fs_version": f"v{self.image.version}",
        }
        return "extraoption=" + base64.b64encode(json.dumps(content).encode()).decode()

    def options(self):
        """As the snapshotter writes them."""
        directories = f"workdir={self.snapshot}/work,upperdir={self.upper},lowerdir={self.snapshot}/empty"
        return f"{directories},{self.payload()}"

    def hand_over_command(self, options=None):
        mode = f"nydus.mode=kata,nydus.sandbox={self.sandbox.name},nydus.container={self.name}"
        words = f"{mode},{options or self.options()}"
        return [self.sandbox.node.helper, "overlay", self.snapshot / "empty", "-o", words]

    def hand_over(self):
        """By the mount helper, as containerd calls it."""
        check(run(*self.hand_over_command()))
        return self

    def share_command(self):
        """By the tool; the options come from standard input."""
        return [self.sandbox.node.tool, "rootfs", "share", self.sandbox.name, self.name]

    def unshare_command(self):
        return [self.sandbox.node.tool, "rootfs", "unshare", self.sandbox.name, self.name]

    def unshare(self):
        check(run(*self.unshare_command()))

    def storages(self):
        """The description for the agent, from the state directory."""
        return json.loads((self.sandbox.state / f"{self.name}.json").read_text())["storages"]

    def share_file_command(self, source, *words):
        return [self.sandbox.node.tool, "file", "share", self.sandbox.name, self.name, source, *words]

    def share_file(self, source, *words):
        """What the tool says of it."""
        return json.loads(check(run(*self.share_file_command(source, *words, "--json"))).out)

    def unshare_file_command(self, file):
        return [self.sandbox.node.tool, "file", "unshare", self.sandbox.name, self.name, file]

    def unshare_file(self, file):
        check(run(*self.unshare_file_command(file)))

    def bind(self):
        """Where the host mounts the snapshot directory."""
        return self.sandbox.share / SUBMOUNTS[self.sandbox.layout] / self.name / self.BOUND

    def seen_by_guest(self):
        """The same mount, where nydusd serves it."""
        return self.sandbox.share / SERVED[self.sandbox.layout] / self.name / self.BOUND

    def removed_in_upper(self, path):
        """True if the container has removed a file of its image: overlay marks that by a device 0/0."""
        status = os.lstat(self.upper / path)
        return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


class BoundContainer(Container):
    """A container whose root file system is a directory of the host."""

    BOUND = "rootfs"

    def __init__(self, sandbox, name):
        super().__init__(sandbox, name, image=None)
        self.root = self.upper

    def hand_over_command(self, options=None):
        """By the tool: no mount asks for this."""
        return [*self.share_command(), f"--directory={self.root}"]
