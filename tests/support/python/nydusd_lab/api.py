# SPDX-License-Identifier: Apache-2.0
"""nydusd's API byte by byte, for what no HTTP library would send or read."""

import json
import socket
from dataclasses import dataclass
from urllib.parse import quote

ANSWER_SECONDS = 10
DAEMON = "/api/v1/daemon"
MOUNT = "/api/v1/mount"


class Closed(Exception):
    """The daemon closed the connection before an answer was whole."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `head` is the status line and the headers as they came."""

    status: int
    head: str
    body: bytes

    @property
    def message(self):
        """What nydusd says went wrong."""
        return json.loads(self.body)["message"]


def mount_target(mount_point):
    return f"{MOUNT}?mountpoint={quote(mount_point, safe='/')}"


def mount_body(fs_type, source, config=""):
    return json.dumps({"fs_type": fs_type, "source": str(source), "config": config}).encode()


def request(method, target, body=b""):
    """The bytes of a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: nydusd"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One connection to an API socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.connect(str(path))
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """The next answer: a body only where its length is told, as nydusd leaves connections open."""
        head, _, rest = self._until(lambda data: b"\r\n\r\n" in data).partition(b"\r\n\r\n")
        lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        length = lengths[0] if lengths else 0
        self._received = rest
        body = self._until(lambda data: len(data) >= length)[:length]
        self._received = self._received[length:]
        return Answer(int(head.split()[1]), head.decode(), body)

    def ask(self, method, target, body=b""):
        self.send(request(method, target, body))
        return self.answer()

    def _until(self, is_enough):
        while not is_enough(self._received):
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed(self._received)
            self._received += data
        return self._received


class Api:
    """Asks a daemon, on a connection of its own each time."""

    def __init__(self, path):
        self.path = path

    def connect(self):
        return Connection(self.path)

    def ask(self, method, target, body=b""):
        with self.connect() as connection:
            return connection.ask(method, target, body)

    def mount(self, mount_point, fs_type, source, config=""):
        return self.ask("POST", mount_target(mount_point), mount_body(fs_type, source, config))

    def umount(self, mount_point):
        return self.ask("DELETE", mount_target(mount_point))

    def information(self):
        answer = self.ask("GET", DAEMON)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def mounts(self):
        return self.information()["backend_collection"]
