#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for nydus-snapshotter: it answers containerd as the real one does, but keeps plain directories.

usage: standin_snapshotter.py SOCKET DIRECTORY [--options-file FILE]

Snapshots that containerd unpacks layers into are plain bind and overlay mounts. All others are of the type
fuse.nydus-overlayfs and carry the option for Kata, so that everything after the snapshotter is the real thing.
FILE, where it exists, holds a JSON list of options that replace the one for Kata; it is read at every request.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import threading
import time
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from nydus_stack import payload, wire  # noqa: E402

SERVICE = "containerd.services.snapshots.v1.Snapshots"
HELPER_TYPE = "fuse.nydus-overlayfs"
VIEW, ACTIVE, COMMITTED = 1, 2, 3


class Refusal(Exception):
    """An answer with a status other than OK."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


@dataclass
class Snapshot:
    name: str
    parent: str
    kind: int
    directory: Path
    labels: dict
    created: float = field(default_factory=time.time)

    @property
    def files(self):
        return self.directory / "fs"

    @property
    def work(self):
        return self.directory / "work"

    def encoded(self):
        timestamp = wire.encode_message((1, int(self.created)))
        return wire.encode_message(
            (1, self.name), (2, self.parent), (3, self.kind), (4, timestamp), (5, timestamp), (6, self.labels)
        )


class SnapshotStore:
    """The snapshots and what has to be mounted for them. Not safe for threads by itself."""

    def __init__(self, directory, options_file):
        self._directory = Path(directory)
        self._options_file = options_file
        self._snapshots = {}
        self._count = 0

    def get(self, name):
        if name not in self._snapshots:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"snapshot {name} does not exist: not found")
        return self._snapshots[name]

    def all(self):
        return list(self._snapshots.values())

    def create(self, name, parent, kind, labels):
        self._refuse_existing(name)
        if parent and self.get(parent).kind != COMMITTED:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"parent {parent} is not committed")
        self._count += 1
        snapshot = Snapshot(name, parent, kind, self._directory / "snapshots" / str(self._count), labels)
        snapshot.files.mkdir(parents=True)
        snapshot.work.mkdir(mode=0o711)
        self._snapshots[name] = snapshot
        return snapshot

    def commit(self, name, key, labels):
        self._refuse_existing(name)
        snapshot = self.get(key)
        del self._snapshots[key]
        snapshot.name, snapshot.kind, snapshot.labels = name, COMMITTED, labels
        self._snapshots[name] = snapshot

    def remove(self, name):
        snapshot = self.get(name)
        if any(other.parent == name for other in self._snapshots.values()):
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"snapshot {name} has children")
        del self._snapshots[name]
        shutil.rmtree(snapshot.directory)

    def mount_of(self, snapshot):
        """(type, source, options) for containerd."""
        lower_directories = self._lower_directories(snapshot)
        if not lower_directories:
            access = "rw" if snapshot.kind == ACTIVE else "ro"
            return "bind", str(snapshot.files), [access, "rbind"]
        if snapshot.kind == VIEW:
            options = ["lowerdir=" + ":".join(lower_directories + [str(snapshot.files)])]
        else:
            options = [
                f"workdir={snapshot.work}",
                f"upperdir={snapshot.files}",
                "lowerdir=" + ":".join(lower_directories),
            ]
        if "/extract-" in snapshot.name or snapshot.name.startswith("extract-"):
            return "overlay", "overlay", options
        return HELPER_TYPE, "overlay", options + self._options_for_kata(snapshot)

    def _refuse_existing(self, name):
        if name in self._snapshots:
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"snapshot {name}: already exists")

    def _lower_directories(self, snapshot):
        directories = []
        while snapshot.parent:
            snapshot = self.get(snapshot.parent)
            directories.append(str(snapshot.files))
        return directories

    def _options_for_kata(self, snapshot):
        if self._options_file and os.path.exists(self._options_file):
            with open(self._options_file, encoding="utf-8") as file:
                return json.load(file)
        return [payload.extra_option(snapshot.directory)]


def disk_usage(directory):
    paths = [directory, *directory.rglob("*")]
    return sum(path.lstat().st_blocks * 512 for path in paths), len(paths)


class SnapshotService:
    """The methods of the service by name: bytes of the request in, bytes of the reply out."""

    def __init__(self, store):
        self._store = store

    def Prepare(self, request):
        return self._create(request, ACTIVE)

    def View(self, request):
        return self._create(request, VIEW)

    def _create(self, request, kind):
        snapshot = self._store.create(request.text(2), request.text(3), kind, request.text_map(4))
        return self._mounts(snapshot)

    def Mounts(self, request):
        return self._mounts(self._store.get(request.text(2)))

    def _mounts(self, snapshot):
        kind, source, options = self._store.mount_of(snapshot)
        return wire.encode_message((1, wire.encode_message((1, kind), (2, source), (4, options))))

    def Commit(self, request):
        self._store.commit(request.text(2), request.text(3), request.text_map(4))
        return b""

    def Remove(self, request):
        self._store.remove(request.text(2))
        return b""

    def Stat(self, request):
        return wire.encode_message((1, self._store.get(request.text(2)).encoded()))

    def Update(self, request):
        update = request.message(2)
        snapshot = self._store.get(update.text(1))
        snapshot.labels = update.text_map(6)
        return wire.encode_message((1, snapshot.encoded()))

    def List(self, _request):
        yield wire.encode_message((1, [snapshot.encoded() for snapshot in self._store.all()]))

    def Usage(self, request):
        size, inodes = disk_usage(self._store.get(request.text(2)).directory)
        return wire.encode_message((1, size), (2, inodes))

    def Cleanup(self, _request):
        return b""


def handler_of(service, name, lock):
    def answer(data, context):
        try:
            with lock:
                return getattr(service, name)(wire.Message(data))
        except Refusal as refusal:
            context.abort(refusal.status, str(refusal))

    if name == "List":
        return grpc.unary_stream_rpc_method_handler(answer)
    return grpc.unary_unary_rpc_method_handler(answer)


def serve(socket, service):
    lock = threading.Lock()
    methods = [name for name in vars(SnapshotService) if name[0].isupper()]
    handlers = {name: handler_of(service, name, lock) for name in methods}
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("socket")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--options-file")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    server = serve(arguments.socket, SnapshotService(SnapshotStore(arguments.directory, arguments.options_file)))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
