# SPDX-License-Identifier: Apache-2.0
"""A client of the snapshot service of containerd's API, for a snapshotter's own socket."""

from dataclasses import dataclass

import grpc

from nydus_stack import wire

SERVICE = "containerd.services.snapshots.v1.Snapshots"
NAMESPACE = (("containerd-namespace", "default"),)
SECONDS = 60


@dataclass(frozen=True)
class Slice:
    """A mount as the snapshotter describes it."""

    type: str
    source: str
    options: list


def decode_slice(message):
    assert message.text(3) == "", "the slice has a target"
    return Slice(message.text(1), message.text(2), message.texts(4))


@dataclass(frozen=True)
class Info:
    name: str
    parent: str
    labels: dict


class SnapshotService:
    """Use as a context manager. What the snapshotter refuses is raised as grpc.RpcError."""

    def __init__(self, socket):
        self._channel = grpc.insecure_channel(f"unix://{socket}")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._channel.close()

    def prepare(self, key, parent="", labels=None):
        return self._slice("Prepare", (2, key), (3, parent), (4, labels or {}))

    def view(self, key, parent, labels=None):
        return self._slice("View", (2, key), (3, parent), (4, labels or {}))

    def mounts(self, key):
        return self._slice("Mounts", (2, key))

    def commit(self, name, key):
        self._call("Commit", (2, name), (3, key))

    def remove(self, key):
        self._call("Remove", (2, key))

    def all(self):
        call = self._channel.unary_stream(f"/{SERVICE}/List")
        replies = call(b"", timeout=SECONDS, metadata=NAMESPACE)
        infos = [info for reply in replies for info in wire.Message(reply).messages(1)]
        return {info.text(1): Info(info.text(1), info.text(2), info.text_map(6)) for info in infos}

    def _slice(self, method, *fields):
        (mount,) = self._call(method, *fields).messages(1)
        return decode_slice(mount)

    def _call(self, method, *fields):
        call = self._channel.unary_unary(f"/{SERVICE}/{method}")
        return wire.Message(call(wire.encode_message(*fields), timeout=SECONDS, metadata=NAMESPACE))
