# SPDX-License-Identifier: Apache-2.0
"""The archive of static files as a user has unpacked it."""

import hashlib
import os
import re
import shutil
import subprocess

from package_lab.artefacts import OLDER, TREE, VERSIONS

HELPER = "sbin/mount.fuse.nydus-overlayfs"
LICENCES = "share/doc/nydus-overlayfs/THIRD-PARTY.gz"

# Stands for nydus-overlayctl where it matters who starts it: the real one takes a sandbox to say anything.
TOOL = """
#include <stdio.h>
int main(int count, char** arguments) { return count < 2 || puts(arguments[1]) < 0; }
"""


def version():
    return re.search(VERSIONS["CMakeLists.txt"], (TREE / "CMakeLists.txt").read_text())[0]


def write_checksums(folder):
    with open(folder / "SHA256SUMS", "w", encoding="ascii") as sums:
        for part in ("bin", "sbin", "share"):
            for path in sorted((folder / part).rglob("*")):
                if path.is_file() and not path.is_symlink():
                    digest = hashlib.sha256(path.read_bytes()).hexdigest()
                    sums.write(f"{digest}  {path.relative_to(folder)}\n")


def write_licences(folder):
    """Of what the helper contains of others, as packaging/archive/build does it."""
    file = folder / LICENCES.removesuffix(".gz")
    file.parent.mkdir(parents=True)
    subprocess.run([TREE / "packaging" / "bill-of-materials", "--licences", file, folder / HELPER], check=True)
    subprocess.run(["gzip", "-9n", file], check=True)


def build_archive(folder):
    """Fills the folder."""
    staging = {**os.environ, "DESTDIR": str(folder / "staged")}
    for command in (
        ("cmake", "--preset", "musl"),
        ("cmake", "--build", "--preset", "musl"),
        ("cmake", "--install", "build/musl", "--strip"),
    ):
        subprocess.run(command, cwd=TREE, env=staging, check=True, stdout=subprocess.DEVNULL)
    for part in (folder / "staged" / "usr" / "local").iterdir():
        part.rename(folder / part.name)
    shutil.rmtree(folder / "staged")
    (folder / "bin").mkdir()
    tool = folder / "bin" / "nydus-overlayctl"
    subprocess.run(["cc", "-static", "-x", "c", "-o", tool, "-"], input=TOOL, text=True, check=True)
    shutil.copytree(TREE / "packaging" / "node", folder / "share" / "nydus-overlayfs" / "node")
    for name in ("LICENSE", "packaging/archive/install.sh", "packaging/archive/node-files.sh"):
        shutil.copy(TREE / name, folder)
    write_licences(folder)
    write_checksums(folder)
    return folder


def make_older_archive(archive, folder):
    """The same as an earlier version, with a page that the present one does not have any more."""
    shutil.copytree(archive, folder, symlinks=True)
    content = (folder / HELPER).read_bytes()
    (folder / HELPER).write_bytes(content.replace(version().encode(), OLDER.encode()))
    (folder / "share" / "man" / "man8" / "gone.8").write_text("old\n")
    write_checksums(folder)
    return folder
