# SPDX-License-Identifier: Apache-2.0
"""Starts a nydusd, real or fake, for a test, and ends it by its process id."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from nydusd_lab.api import Api

FAKE = Path(__file__).with_name("fake_nydusd.py")
START_SECONDS = 10


class Daemon:
    """A running daemon with sockets in a directory of its own; `program` is a list of words."""

    def __init__(self, program, directory, *arguments):
        directory.mkdir(mode=0o700)
        self.directory = directory
        self.api_socket = directory / "api.sock"
        self.vhost_socket = directory / "vhost.sock"
        self.log = directory / "nydusd.log"
        self.api = Api(self.api_socket)
        command = [*program, "virtiofs", "--apisock", self.api_socket, "--sock", self.vhost_socket]
        command += ["--rlimit-nofile", "0", "--log-file", self.log, *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "RUST_LOG"}
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._wait_until_it_listens()

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.api.connect():
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def wait(self, seconds=START_SECONDS):
        return self.process.wait(seconds)

    def end(self):
        self.process.kill()
        self.process.wait()


def real_program(nydusd):
    return [nydusd]


def fake_program():
    return [sys.executable, FAKE]


class Image:
    """A RAFS image of one file, and nydusd's configuration for it."""

    def __init__(self, nydus_image, directory, version):
        source, blobs, cache = (directory / name for name in ("source", "blobs", "cache"))
        for made in (source, blobs, cache):
            made.mkdir(parents=True)
        (source / "file").write_text("text\n")
        self.bootstrap = directory / "image.boot"
        subprocess.run(
            [nydus_image, "create", "-t", "dir-rafs", "-v", version, "-B", self.bootstrap, "-D", blobs, source],
            check=True,
            capture_output=True,
        )
        self.configuration = {
            "device": {
                "backend": {"type": "localfs", "config": {"dir": str(blobs)}},
                "cache": {"type": "blobcache", "config": {"work_dir": str(cache)}},
            },
            "mode": "direct",
            "enable_xattr": True,
        }

    @property
    def config(self):
        return json.dumps(self.configuration)
