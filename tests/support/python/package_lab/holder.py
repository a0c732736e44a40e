# SPDX-License-Identifier: Apache-2.0
"""usage: holder.py ROOT BYTES

The first process of a fresh machine: puts an overlay on the folder ROOT, mounts what every machine has, makes that its
root and stays until its standard input ends. Changes take at most BYTES. Expects new mount and process namespaces,
which end with it. Says its process id, as seen from outside, when all is ready.
"""

import ctypes
import os
import shutil
import signal
import stat
import sys
import threading
from pathlib import Path

# linux/mount.h
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1000, 0x4000, 0x40000, 2, 4, 8
MNT_DETACH = 2
# The number of pivot_root is that of the machine's system calls; libc has no function for it.
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

# Nodes of our own: what a package does to them must not be seen outside.
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
FUSE = (10, 229)

libc = ctypes.CDLL(None, use_errno=True)


def call(what, result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(source, target, kind, flags=0, data=""):
    arguments = [None if word is None else str(word).encode() for word in (source, target, kind)]
    call(f"mount {target}", libc.mount(*arguments, ctypes.c_ulong(flags), data.encode()))


def make_devices(directory):
    mount("devices", directory, "tmpfs", MS_NOSUID, "mode=755")
    previous = os.umask(0)
    nodes = {**DEVICES, "fuse": FUSE} if os.path.exists("/dev/fuse") else DEVICES
    for name, number in nodes.items():
        os.mknod(directory / name, 0o666 | stat.S_IFCHR, os.makedev(*number))
    os.umask(previous)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (directory / name).symlink_to(target)
    (directory / "ptmx").symlink_to("pts/ptmx")
    for name in ("pts", "shm"):
        (directory / name).mkdir()
    mount("pts", directory / "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("shm", directory / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")


def make_root(lower, size):
    """An overlay whose changes lie in memory. Its parts are on a tmpfs below /mnt of ROOT, which is always there."""
    stage = lower / "mnt"
    mount("changes", stage, "tmpfs", 0, f"size={size},mode=755")
    for name in ("upper", "work", "root"):
        (stage / name).mkdir()
    (stage / "upper").chmod(0o755)
    mount("root", stage / "root", "overlay", 0, f"lowerdir={lower},upperdir={stage}/upper,workdir={stage}/work")
    return stage / "root"


def mount_the_usual(root):
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("/sys", root / "sys", None, MS_BIND | MS_REC)
    make_devices(root / "dev")
    # No overlay can have its upper directory on the one that is the root.
    mount("run", root / "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    (root / "run/lock").mkdir()
    (root / "run/lock").chmod(0o1777)
    mount("tmp", root / "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")


def share_name_servers(root):
    """For apt, where something is not in its cache."""
    if os.path.exists("/etc/resolv.conf"):
        (root / "etc/resolv.conf").unlink(missing_ok=True)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")


def enter(root):
    os.chdir(root)
    call("pivot_root", libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."))
    call("umount", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    process_id = os.readlink("/proc/self")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    root = make_root(Path(sys.argv[1]), int(sys.argv[2]))
    mount_the_usual(root)
    share_name_servers(root)
    enter(root)
    # Orphans become children of the first process; where they are ignored the kernel takes them away.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    threading.Thread(target=end_with_input, daemon=True).start()
    print(process_id, flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
