# SPDX-License-Identifier: Apache-2.0
"""A nydusd that serves no file system but answers like one, and misbehaves when told to: started as nydusd is, with
--fault=OPERATION:EFFECT:ANSWER behind its arguments. tests/system/test_nydusd_conformance.py holds it to nydusd 2.2.0.

OPERATION  mount, umount or information
EFFECT     done or lost: whether what was asked for is done, before anything is answered
ANSWER     error (500 of the HTTP server), junk (no HTTP), cut (half an answer), none (the connection is closed), death,
           drip (a few bytes a second), silence, late (answers after two seconds, as after a slow mount), broken (JSON)
"""

import argparse
import json
import os
import posixpath
import select
import signal
import socket
import sys
import time
from urllib.parse import unquote_plus, urlsplit

MAX_CONNECTIONS = 256
MAX_LINE = 1024
MAX_BODY = 51200
PATIENCE_SECONDS = 0.003
LATE_SECONDS = 2
DRIP_SECONDS = 0.2
RAFS_V5 = b"SFAR"
RAFS_V6 = b"\xe2\xe1\xf5\xe0"


def response(status, body="", server="Nydus API"):
    """As dbs-uhttp writes it: no reason, and no length where there is no body."""
    lines = [f"HTTP/1.1 {status} ", f"Server: {server}", "Connection: keep-alive"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
    return "\r\n".join([*lines, "", body]).encode()


def refusal(status, message):
    return response(status, json.dumps({"code": "UNDEFINED", "message": message}, separators=(",", ":")))


def mount_refusal(text):
    quoted = text.replace('"', '\\"')
    return refusal(500, f'Mount(MountFilesystem(Other("{quoted}")))')


def bad_request(text):
    """The HTTP server's own error, which is no JSON because of the line break."""
    return response(400, f'{{ "error": "{text}\nAll previous unanswered requests will be dropped." }}', "Firecracker API")


TRY_AGAIN = response(500, "Resource temporarily unavailable (os error 11)", "Firecracker API")
TOO_MANY = (
    b"HTTP/1.1 503\r\nServer: Firecracker API\r\nConnection: close\r\nContent-Length: 40\r\n\r\n"
    b'{ "error": "Too many open connections" }'
)


class FileSystems:
    """What is mounted where: keyed as it was sent, and looked up as a path."""

    def __init__(self):
        self.collection = {}
        self.counted = []  # whose metrics there are
        self._taken = {}

    def mount(self, mount_point, body):
        try:
            command = json.loads(body)
            fs_type, source, config = command.get("fs_type", ""), command["source"], command["config"]
            if not all(isinstance(value, str) for value in (fs_type, source, config)):
                raise TypeError("invalid type: map, expected a string")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return refusal(400, f'ParseBody(Error("{error}", line: 1, column: 1))')
        backend = self._backend(fs_type, source, config)
        if isinstance(backend, bytes):
            return backend
        if not mount_point.startswith("/"):
            return mount_refusal("VFS failed to handle request, PathWalk(Os { code: 22 })")
        path = posixpath.normpath(mount_point)
        if path in self._taken:
            return mount_refusal("object or filesystem already exists")
        self._taken[path] = mount_point
        self.collection[mount_point] = {
            "backend_type": backend,
            "mountpoint": mount_point,
            "mounted_time": "now",
            "config": {"version": 2} if backend == "Rafs" else None,
        }
        if backend == "Rafs":
            self.counted.append(mount_point)
        return response(204)

    def umount(self, mount_point):
        if self._taken.pop(posixpath.normpath(mount_point), None) is None:
            return mount_refusal("object or filesystem doesn't exist")
        self.collection.pop(mount_point, None)
        return response(204)

    def backend_of(self, mount_point):
        kind = self.collection.get(mount_point, {}).get("backend_type")
        if kind == "Rafs":
            return response(200, json.dumps({"magic": 0xE0F5E1E2, "version": 1536}))
        why = "filesystem type mismatch, expect RAFS" if kind else "object or filesystem doesn't exist"
        return refusal(500, f'FsBackendInfo(Metrics(Daemon(Other("{why}"))))')

    def metrics(self, identity):
        if identity in self.counted or (identity is None and len(self.counted) == 1):
            return response(200, json.dumps({"id": identity or self.counted[0], "nr_opens": 0, "data_read": 0}))
        return refusal(404, "GlobalMetrics(Metrics(Stats(NoCounter)))")

    def _backend(self, fs_type, source, config):
        if fs_type in ("passthrough_fs", "passthroughfs", "passthrough"):
            return "PassthroughFs" if os.path.isdir(source) else mount_refusal("passthroughfs failed to handle request, x")
        if fs_type != "rafs":
            return mount_refusal("invalid argument `only 'rafs' and 'passthrough_fs' are supported`")
        try:
            with open(source, "rb") as file:
                head = file.read(8192)
            json.loads(config)["device"]
        except (OSError, ValueError, KeyError):
            head = b""
        is_image = head[:4] == RAFS_V5 or head[1024:1028] == RAFS_V6
        return "Rafs" if is_image else mount_refusal("RAFS failed to handle request, LoadConfig(Os { code: 22 })")


class Daemon:
    """The routes of the API, and the faults."""

    def __init__(self, fault):
        self._files = FileSystems()
        self._fault = fault.split(":") if fault else ["nothing", "done", None]
        self.stopping = False

    def answer(self, method, target, body):
        """The bytes to answer with, and how: as they are, or the fault's name."""
        operation = {("POST", "/api/v1/mount"): "mount", ("DELETE", "/api/v1/mount"): "umount"}.get(
            (method, urlsplit(target).path), "information" if target == "/api/v1/daemon" else None
        )
        faulty, effect, manner = self._fault
        if operation != faulty:
            return self._route(method, target, body), None
        data = self._route(method, target, body) if effect == "done" else response(204)
        return data, manner

    def _route(self, method, target, body):
        url = urlsplit(target)
        query = {}
        for pair in filter(None, url.query.split("&")):
            name, _, value = pair.partition("=")
            query.setdefault(unquote_plus(name), unquote_plus(value))
        routes = {
            "/api/v1/daemon": {"GET": lambda: self._information()},
            "/api/v1/daemon/start": {
                "PUT": lambda: refusal(400, 'Configure(DaemonAbnormal(UnexpectedEvent("Start")))')
            },
            "/api/v1/daemon/exit": {"PUT": lambda: self._exit()},
            "/api/v1/daemon/backend": {"GET": lambda: self._files.backend_of(query["mountpoint"])},
            "/api/v1/mount": {
                "POST": lambda: self._files.mount(query["mountpoint"], body) if body else refusal(400, "BadRequest"),
                "DELETE": lambda: self._files.umount(query["mountpoint"]),
            },
            "/api/v1/metrics": {"GET": lambda: self._files.metrics(query.get("id"))},
            "/api/v1/metrics/inflight": {"GET": lambda: refusal(500, "InflightMetrics(Metrics(Daemon(Unsupported)))")},
        }
        if url.path not in routes:
            return refusal(404, "NoRoute")
        if url.path in ("/api/v1/mount", "/api/v1/daemon/backend") and "mountpoint" not in query:
            return refusal(400, 'QueryString("\'mountpoint\' should be specified in query string")')
        if method not in routes[url.path] or (body and method != "POST"):
            return refusal(400, "BadRequest")
        return routes[url.path][method]()

    def _information(self):
        if self.stopping:
            os.abort()
        version = {"package_ver": "unknown", "git_commit": "", "build_time": "", "profile": "", "rustc": ""}
        state = {"version": version, "id": None, "supervisor": None, "state": "RUNNING"}
        return response(200, json.dumps(state | {"backend_collection": self._files.collection}))

    def _exit(self):
        self.stopping = True
        return response(204)


class Connection:
    """One client: bytes in, whole requests out."""

    def __init__(self, client):
        self.socket = client
        self._received = b""

    def requests(self):
        """Whole requests; None for one that is not whole in time, an answer for one that is none."""
        while self._receive():
            while (parsed := self._parse()) is not None:
                yield parsed
            if not self._received:
                return
            time.sleep(PATIENCE_SECONDS)
            if not select.select([self.socket], [], [], 0)[0]:
                yield None
                return

    def _receive(self):
        data = self.socket.recv(1 << 20)
        self._received += data
        return data

    def _parse(self):
        line, end, _ = self._received.partition(b"\r\n")
        if len(line) + 2 > MAX_LINE:
            return self._drop(bad_request("Invalid request."))
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        words = line.decode().split(" ")
        if len(words) != 3 or words[0] not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            return self._drop(bad_request("Invalid HTTP Method: Unsupported HTTP method."))
        lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        length = lengths[0] if lengths else 0
        if length > MAX_BODY:
            return self._drop(bad_request("Payload too large."))
        if len(rest) < length:
            return None
        self._received = rest[length:]
        return words[0], words[1], rest[:length]

    def _drop(self, answer):
        self._received = b""
        return answer


class Server:
    """One thread that does one thing at a time, as nydusd."""

    def __init__(self, daemon, api_path, vhost_path):
        self._daemon = daemon
        self._paths = {"api": api_path, "vhost": vhost_path}
        self._vhost = self._listen(vhost_path)
        self._api = self._listen(api_path)
        self._poll = select.poll()
        for listener in (self._vhost, self._api):
            self._poll.register(listener, select.POLLIN)
        self._connections = {}
        self._guest = None

    @staticmethod
    def _listen(path):
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen(2 * MAX_CONNECTIONS)
        return listener

    def serve(self):
        while not (self._daemon.stopping and self._guest_has_left()):
            for number, events in self._poll.poll(100):
                if number == self._api.fileno():
                    self._accept()
                elif number == self._vhost.fileno():
                    self._guest = self._vhost.accept()[0]
                    self._poll.unregister(self._vhost)
                    os.unlink(self._paths["vhost"])
                elif events & (select.POLLHUP | select.POLLRDHUP | select.POLLERR):
                    self._close(number)
                else:
                    self._serve(number)
        os.unlink(self._paths["api"])

    def _guest_has_left(self):
        if self._guest is None or not select.select([self._guest], [], [], 0)[0]:
            return False
        return self._guest.recv(1) == b""

    def _accept(self):
        client = self._api.accept()[0]
        if len(self._connections) >= MAX_CONNECTIONS:
            client.sendall(TOO_MANY)
            client.close()
            return
        self._connections[client.fileno()] = Connection(client)
        self._poll.register(client, select.POLLIN | select.POLLRDHUP)

    def _close(self, number):
        self._poll.unregister(number)
        self._connections.pop(number).socket.close()

    def _serve(self, number):
        client = self._connections[number].socket
        for parsed in self._connections[number].requests():
            if isinstance(parsed, tuple):
                data, manner = self._daemon.answer(*parsed)
                if not self._misbehave(client, data, manner):
                    return self._close(number)
            else:
                client.sendall(parsed or TRY_AGAIN)

    @staticmethod
    def _misbehave(client, data, manner):
        """Answers; False if the connection is to be closed."""
        if manner == "death":
            os._exit(1)
        if manner in ("late", "drip"):
            pause = LATE_SECONDS if manner == "late" else DRIP_SECONDS
            pieces = [data] if manner == "late" else [data[i : i + 1] for i in range(len(data))]
            for piece in pieces:
                time.sleep(pause)
                try:
                    client.sendall(piece)
                except OSError:
                    return False
            return True
        replacement = {
            None: data,
            "error": TRY_AGAIN,
            "junk": b"no HTTP\r\n\r\n",
            "cut": data[: len(data) // 2],
            "broken": response(200, '{"version":{},"state":"RUNNING","backend_collection":{'),
        }
        client.sendall(replacement.get(manner, b""))
        return manner not in ("cut", "none")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["virtiofs"])
    parser.add_argument("--apisock", required=True)
    parser.add_argument("--sock", required=True)
    parser.add_argument("--rlimit-nofile")
    parser.add_argument("--log-file")
    parser.add_argument("--log-level")
    parser.add_argument("--fault")
    arguments = parser.parse_args()
    daemon = Daemon(arguments.fault)

    def stop(*_):
        daemon.stopping = True

    signal.signal(signal.SIGTERM, stop)
    Server(daemon, arguments.apisock, arguments.sock).serve()


if __name__ == "__main__":
    sys.exit(main())
