# SPDX-License-Identifier: Apache-2.0
"""A mount namespace of one's own: nothing that a test mounts or installs is seen outside or outlives it."""

import contextlib
import ctypes
import os
import shutil
import subprocess
from pathlib import Path

CLONE_NEWNS = 0x20000
HELPER_NAME = "nydus-overlayfs"
MOUNT_HELPER_NAME = f"mount.fuse.{HELPER_NAME}"


def unshare_mounts():
    """From here on nothing that this process mounts is seen outside."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def enter_private_namespace():
    """Moves this process there. /run becomes an empty tmpfs: shims, runc and ctr use /run whatever they are told."""
    unshare_mounts()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"], check=True)


def recorder_script(helper, calls):
    """A program that adds its arguments, each followed by a tab, as one line to `calls` and becomes the helper."""
    return f"""#!/bin/sh
{{ printf '%s\\t' "$@"; echo; }} >>{calls}
exec {helper} "$@"
"""


@contextlib.contextmanager
def installed_helper(helper, directory, debian, calls=None):
    """Adds the helper under both of its names, and Debian's mount.fuse, to /usr/sbin. mount(8) looks nowhere else.

    With `calls`, every run through mount.fuse appends a line to that file.
    """
    directory = Path(directory)
    directory.mkdir(parents=True)
    shutil.copy(helper, directory / MOUNT_HELPER_NAME)
    if calls:
        recorder = directory / HELPER_NAME
        recorder.write_text(recorder_script(f"/usr/sbin/{MOUNT_HELPER_NAME}", calls))
        recorder.chmod(0o755)
    else:
        (directory / HELPER_NAME).symlink_to(MOUNT_HELPER_NAME)
    layers = f"{directory}:{debian}/sbin:/usr/sbin"
    subprocess.run(["mount", "-t", "overlay", "helper", "-o", f"lowerdir={layers}", "/usr/sbin"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "/usr/sbin"], check=True)
