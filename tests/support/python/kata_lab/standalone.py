# SPDX-License-Identifier: Apache-2.0
"""A place for a nydusd that `nydus-overlayctl nydusd start` starts, with no sandbox around it."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from mount_lab.running import ENVIRONMENT, check, run
from nydus_stack.processes import processes_naming

from kata_lab.cgroups import remove_leaf_of

SETTLE_SECONDS = 10


class Standalone:
    """Sockets, a share and a log in a directory of their own. `user`: who runs everything, if not root."""

    def __init__(self, directory, tool, nydusd, user=None):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o700)
        self.tool, self.nydusd, self.user = tool, nydusd, user
        self.api_socket = self.directory / "api.sock"
        self.vhost_socket = self.directory / "vhost.sock"
        self.log = self.directory / "nydusd.log"
        self.share = self.directory / "share"
        self.share.mkdir()
        if user is not None:
            os.chown(self.directory, user, user)

    def start_command(self, *words, **flags):
        """Flags by their names, as in apisock=PATH; a False one is left out."""
        settings = {
            "apisock": self.api_socket,
            "sock": self.vhost_socket,
            "source": self.share,
            "nydusd": self.nydusd,
            "log-file": self.log,
        } | {name.replace("_", "-"): value for name, value in flags.items()}
        return [self.tool, "nydusd", "start", *(f"--{name}={value}" for name, value in settings.items() if value), *words]

    def stop_command(self):
        return [self.tool, "nydusd", "stop", f"--apisock={self.api_socket}"]

    def start(self, *words, **flags):
        return run(*self.start_command(*words, **flags), user=self.user)

    def stop(self):
        return run(*self.stop_command(), user=self.user)

    def foreground(self, **flags):
        """The tool as it stays, from the moment on at which nydusd serves."""
        tool = self.in_background(foreground="true", json="true", **flags)
        text = ""
        while not text.endswith("}\n"):
            line = tool.stdout.readline()
            assert line, tool.communicate()
            text += line
        return tool, json.loads(text)["pid"]

    def in_background(self, **flags):
        command = [str(word) for word in self.start_command(**flags)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, text=True, env=ENVIRONMENT, **pipes)

    def started(self, *words, **flags):
        """Starts nydusd and says its process ID."""
        return json.loads(check(self.start("--json", *words, **flags)).out)["pid"]

    def status(self):
        return json.loads(check(run(self.tool, "nydusd", "status", f"--apisock={self.api_socket}", "--json")).out)

    def serves(self):
        status = self.status()
        share = [{"mount_point": "/containers", "type": "PassthroughFs"}]
        return status["state"] == "RUNNING" and status["mounts"] == share

    def attach_vmm(self):
        """What nydusd takes for a VMM until it is closed."""
        vmm = socket.socket(socket.AF_UNIX)
        vmm.connect(str(self.vhost_socket))
        wait_until(lambda: not self.vhost_socket.exists())
        return vmm

    def program(self, script):
        """An executable in nydusd's place."""
        path = self.directory / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def processes(self):
        return processes_naming(str(self.directory))

    def wait_for_guard(self):
        """Until nothing runs that the tool has forked but not made another program."""
        wait_until(lambda: not any(line.startswith(f"{self.tool} ") for line in self.processes().values()))

    def left_over(self):
        """Processes and sockets, once those that are about to go have gone."""

        def found():
            sockets = [path for path in (self.api_socket, self.vhost_socket) if path.exists()]
            return [*self.processes().values(), *sockets]

        deadline = time.monotonic() + SETTLE_SECONDS
        while found() and time.monotonic() < deadline:
            time.sleep(0.01)
        return found()

    def close(self):
        for process_id in self.processes():
            os.kill(process_id, 9)
            remove_leaf_of(process_id)


def wait_until(is_so):
    deadline = time.monotonic() + SETTLE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
