# SPDX-License-Identifier: Apache-2.0
"""Builds a guest's initramfs: busybox, the kernel modules asked for with all they depend on, and files of the test."""

import dataclasses
import lzma
import pathlib
import re
import stat

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Archive:
    """A cpio archive in the kernel's `newc` format. Written here because its folders must precede their contents."""

    content: bytearray = dataclasses.field(default_factory=bytearray)
    folders: set = dataclasses.field(default_factory=set)
    entries: int = 0

    def add(self, path, mode, data=b""):
        self.entries += 1
        name = path.encode() + b"\0"
        fields = (self.entries, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self.content += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._align()
        self.content += data
        self._align()

    def add_file(self, path, data, executable=False):
        path = path.lstrip("/")
        for parent in reversed(pathlib.PurePosixPath(path).parents):
            if str(parent) not in self.folders | {"."}:
                self.folders.add(str(parent))
                self.add(str(parent), stat.S_IFDIR | 0o755)
        self.add(path, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def finished(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.content)

    def _align(self):
        self.content += b"\0" * (-len(self.content) % 4)


def read_module(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def modules_in_order(kernel_folder, wanted):
    """(name, bytes) of each module, dependencies first. Modules that the kernel has built in are left out."""
    available = {}
    for path in kernel_folder.glob("lib/modules/*/kernel/**/*.ko*"):
        available[path.name.split(".")[0].replace("-", "_")] = path
    ordered = {}

    def add(name):
        name = name.replace("-", "_")
        if name in ordered or name not in available:
            return
        data = read_module(available[name])
        # No depmod: each module says itself what it needs.
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for dependency in filter(None, depends.group(1).decode().split(",") if depends else []):
            add(dependency)
        ordered[name] = data

    for name in wanted:
        add(name)
    return list(ordered.items())


def build(kernel_folder, busybox, guest_script, files=None, modules=("overlay",)):
    """`files` maps a path in the guest to a file here; executable ones stay so."""
    archive = Archive()
    archive.add_file("/bin/busybox", busybox.read_bytes(), executable=True)
    archive.add_file("/init", (HERE / "init").read_bytes(), executable=True)
    loaded = modules_in_order(kernel_folder, modules)
    for name, data in loaded:
        archive.add_file(f"/lib/modules/{name}.ko", data)
    archive.add_file("/lib/modules/order", "".join(f"{name}.ko\n" for name, _ in loaded).encode())
    for path, source in (files or {}).items():
        archive.add_file(path, source.read_bytes(), executable=bool(source.stat().st_mode & stat.S_IXUSR))
    archive.add_file("/guest-script", guest_script.encode())
    return archive.finished()
