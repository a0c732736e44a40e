# SPDX-License-Identifier: Apache-2.0
"""A small image as RAFS, with a program to run in a guest."""

import json
import os
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

VERSIONS = ("5", "6")
APPLETS = ("cat", "ls", "mkdir", "rm", "sh", "stat")
GREETING = "from the image\n"
ATTRIBUTE = "user.origin"
ATTRIBUTE_VALUE = "image"
LARGE_BYTES = 3 * 1024 * 1024
SHOW_ATTRIBUTE = Path(__file__).with_name("show_attribute.c")


@dataclass(frozen=True)
class Image:
    """A bootstrap, and a directory with its blobs."""

    version: str
    bootstrap: Path
    blobs: Path

    def configuration(self, cache):
        """What nydusd needs to serve it, as the snapshotter writes it."""
        backend = {"type": "localfs", "config": {"dir": str(self.blobs)}}
        device = {"backend": backend, "cache": {"type": "blobcache", "config": {"work_dir": str(cache)}}}
        return json.dumps({"device": device, "mode": "direct", "enable_xattr": True})


def large_content():
    """More than one chunk of RAFS, and nothing that compresses."""
    return random.Random(1).randbytes(LARGE_BYTES)


def write_tree(directory, busybox):
    """The root file system of the image."""
    for name in ("bin", "etc", "data", "tmp"):
        (directory / name).mkdir(parents=True)
    shutil.copy(busybox, directory / "bin" / "busybox")
    for applet in APPLETS:
        (directory / "bin" / applet).symlink_to("busybox")
    subprocess.run(["cc", "-O2", "-static", "-o", directory / "bin" / "show-attribute", SHOW_ATTRIBUTE], check=True)
    (directory / "etc" / "greeting").write_text(GREETING)
    os.setxattr(directory / "etc" / "greeting", ATTRIBUTE, ATTRIBUTE_VALUE.encode())
    (directory / "etc" / "unwanted").write_text("a container removes this\n")
    (directory / "etc" / "changed").write_text("as built\n")
    (directory / "data" / "large").write_bytes(large_content())
    os.link(directory / "data" / "large", directory / "data" / "large-too")
    (directory / "data" / "link").symlink_to("../etc/greeting")
    return directory


def build(nydus_image, tree, directory, version):
    blobs = directory / "blobs"
    blobs.mkdir(parents=True)
    bootstrap = directory / "image.boot"
    command = [nydus_image, "create", "-t", "dir-rafs", "-v", version, "--repeatable"]
    command += ["-B", bootstrap, "-D", blobs, "-J", directory / "report.json", tree]
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return Image(version, bootstrap, blobs)


def build_all(nydus_image, busybox, directory):
    """{version: Image} of the same tree."""
    tree = write_tree(directory / "tree", busybox)
    return {version: build(nydus_image, tree, directory / version, version) for version in VERSIONS}
