# SPDX-License-Identifier: Apache-2.0
"""A guest that runs until it is told to stop, and carries out commands meanwhile: over its serial line."""

import dataclasses
import os
import select
import subprocess
import time

from machine import EMULATOR, TIME_LIMIT

ANSWER_SECONDS = 20
# The guest's terminal takes no longer lines.
LONGEST_COMMAND = 4000


@dataclasses.dataclass
class Answer:
    """What a command in the guest said, and its exit code."""

    code: int
    output: str


class GuestError(Exception):
    """The guest ended or fell silent; the text is the end of what it said."""


def virtio_fs(socket, tag="kataShared"):
    """A virtio-fs device behind a vhost-user socket; the memory must be shared with whoever listens there."""
    return [
        *("-object", "memory-backend-memfd,id=memory,size=512M,share=on", "-numa", "node,memdev=memory"),
        *("-chardev", f"socket,id=share,path={socket}"),
        *("-device", f"vhost-user-fs-pci,queue-size=1024,chardev=share,tag={tag}"),
    ]


class Guest:
    """Boots at once; use it in `with`."""

    def __init__(self, kernel, initramfs, log, arguments=()):
        command = [*EMULATOR, "-kernel", str(kernel), "-initrd", str(initramfs)]
        command += ["-append", "console=ttyS0 panic=-1 rdinit=/init loglevel=4", *arguments]
        self._log = open(log, "wb")
        self._unread = b""
        self._last_lines = []
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self.release = self._lines_until("GUEST listening ", TIME_LIMIT)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._log.close()

    def run(self, command):
        """One line of shell, in the one shell that runs all the time: `exec 3<file` keeps the file open."""
        assert "\n" not in command and len(command) < LONGEST_COMMAND
        self._process.stdin.write(command.encode() + b"\n")
        lines, code = self._lines_until("GUEST done ", ANSWER_SECONDS)
        # Joined only, because the guest puts a line break behind the output.
        return Answer(int(code), "\n".join(lines))

    def check(self, command):
        answer = self.run(command)
        assert answer.code == 0, f"{command}: {answer}"
        return answer.output

    def power_off(self):
        self._process.stdin.write(b"exit\n")
        self._lines_until("GUEST finished ", ANSWER_SECONDS)
        self._process.wait(ANSWER_SECONDS)

    def _lines_until(self, beginning, seconds):
        """The lines before the one that begins so, and the rest of that one."""
        deadline = time.monotonic() + seconds
        lines = []
        while True:
            line = self._next_line(deadline)
            if line.startswith(beginning):
                return lines, line.removeprefix(beginning)
            lines.append(line)

    def _next_line(self, deadline):
        while b"\n" not in self._unread:
            self._unread += self._read(deadline)
        line, _, self._unread = self._unread.partition(b"\n")
        self._last_lines = [*self._last_lines[-20:], line.rstrip(b"\r").decode(errors="replace")]
        return self._last_lines[-1]

    def _read(self, deadline):
        output = self._process.stdout
        readable, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        data = os.read(output.fileno(), 65536) if readable else b""
        if not data:
            what = "ended" if readable else "is silent"
            last_line = self._unread.decode(errors="replace")
            raise GuestError("\n".join([f"the guest {what}:", *self._last_lines, last_line]))
        self._log.write(data)
        self._log.flush()
        return data
