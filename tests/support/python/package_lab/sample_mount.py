# SPDX-License-Identifier: Apache-2.0
"""A mount as nydus-snapshotter describes it, on a fresh machine and by its installed programs."""

from nydus_stack import payload
from nydus_stack.mounts import mount_at

PLACE = "/tmp/sample"


class SampleMount:
    """Two lower layers and an upper one, an extra option, and the directory they are mounted on."""

    def __init__(self, machine, name="mount"):
        self._machine = machine
        self._place = f"{PLACE}/{name}"
        self.target = f"{self._place}/target"
        folders = " ".join(f"{self._place}/{folder}" for folder in ("a", "b", "upper", "work", "target"))
        machine.shell(f"mkdir -p {folders}; echo a >{self._place}/a/file; echo b >{self._place}/b/other")

    def options(self, *more):
        place = self._place
        layers = f"lowerdir={place}/a:{place}/b,upperdir={place}/upper,workdir={place}/work"
        return ",".join([layers, payload.extra_option(f"{place}/snapshot"), *more])

    def by_mount(self, *more, check=True):
        """mount(8), as an administrator or fstab does it."""
        words = ["mount", "-t", "fuse.nydus-overlayfs", "overlay", self.target, "-o", self.options(*more)]
        return self._machine.run(words, check=check)

    def by_mount_fuse(self, *more, check=True):
        """mount.fuse, as containerd does it."""
        words = ["mount.fuse", "overlay", self.target, "-o", self.options(*more), "-t", "nydus-overlayfs"]
        return self._machine.run(words, check=check)

    def assert_works(self):
        """An overlay is there that allows devices and set-user-ID programs, and its files can be read and written."""
        mount = mount_at(self.target, self._machine.root.process_id)
        assert mount is not None and mount.kind == "overlay", mount
        assert not {"ro", "nosuid", "nodev"} & mount.options, mount
        target = self.target
        self._machine.shell(f"grep -q a {target}/file; grep -q b {target}/other; echo c >{target}/new; rm {target}/new")

    def is_there(self):
        return mount_at(self.target, self._machine.root.process_id) is not None

    def unmount(self):
        self._machine.run(["umount", self.target])
        assert not self.is_there()
