# SPDX-License-Identifier: Apache-2.0
"""Layers of test images: directories to begin with, tar archives for whoever builds an image of them."""

import io
import os
import shutil
import tarfile
from pathlib import Path

# The tools of busybox that the tests run in containers.
APPLETS = ("cat", "chmod", "grep", "id", "ls", "mkdir", "mount", "rm", "sh", "sleep", "stat", "test", "touch", "true")
OF_LAYER_2 = "written by layer 2\n"
REPLACED = "layer 2 replaces layer 1\n"
USER_ID = 1000
BUILT_AT = 1700000000


def write_layer(directory, files):
    """Creates `directory` with `files`, a dictionary of path and text."""
    for path, text in files.items():
        file = Path(directory) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Path(directory)


def install_busybox(busybox, directory):
    directory.mkdir()
    shutil.copy(busybox, directory / "busybox")
    for applet in APPLETS:
        (directory / applet).symlink_to("busybox")


def write_sample_layers(directory, busybox, set_user_id_program=None):
    """Two layers: a small root file system, and one on top that adds, replaces and removes a file of it."""
    lower = write_layer(
        Path(directory) / "layer-1",
        {
            "etc/passwd": f"root:x:0:0:root:/:/bin/sh\nuser:x:{USER_ID}:{USER_ID}:user:/:/bin/sh\n",
            "etc/group": f"root:x:0:\nuser:x:{USER_ID}:\n",
            "data/replaced": "layer 1\n",
            "data/removed": "layer 2 removes this\n",
        },
    )
    for name in ("dev", "proc", "sys", "tmp", "out"):
        (lower / name).mkdir()
    (lower / "tmp").chmod(0o1777)
    install_busybox(busybox, lower / "bin")
    if set_user_id_program:
        shutil.copy(set_user_id_program, lower / "bin" / "show-user-ids")
        (lower / "bin" / "show-user-ids").chmod(0o4755)
    upper = write_layer(
        Path(directory) / "layer-2",
        {"data/of-layer-2": OF_LAYER_2, "data/replaced": REPLACED, "data/.wh.removed": ""},
    )
    return [lower, upper]


def archive(directory):
    """The bytes of a tar archive that is the same whenever it is made."""

    def anonymous(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = BUILT_AT
        return entry

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(os.listdir(directory)):
            tar.add(Path(directory) / name, name, filter=anonymous)
    return buffer.getvalue()
