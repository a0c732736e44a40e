# SPDX-License-Identifier: Apache-2.0
"""Mounts as the running nydus-snapshotter describes them, and as `nydus-overlayctl encode mount` makes them.

The snapshotter is asked at its own socket (Prepare, View, Mounts). Ours is made of what can be known without the
answer: directories on disk, labels, the daemon's configuration file.
"""

import base64
import contextlib
import itertools
import json
import subprocess

from nydus_stack import layers
from nydus_stack.image import plain_image
from nydus_stack.snapshot_service import Slice, SnapshotService
from nydus_stack.stack import Stack

VOLUME = "io.katacontainers.volume="


def run_encode_mount(tool, description):
    command = [tool, "encode", "mount", "--json"]
    return subprocess.run(command, input=json.dumps(description), capture_output=True, text=True, check=False)


def encode_mount(tool, description):
    """The slice that ours makes."""
    done = run_encode_mount(tool, description)
    assert (done.returncode, done.stderr) == (0, "")
    return Slice(**json.loads(done.stdout))


def comparable(mount):
    """The slice with the options of guest-pull volumes in order: Go writes them in random order."""
    return Slice(mount.type, mount.source, [_with_sorted_volume_options(option) for option in mount.options])


def volume_text(option):
    return base64.b64decode(option.removeprefix(VOLUME)).decode()


def _with_sorted_volume_options(option):
    if not option.startswith(VOLUME):
        return option
    text = volume_text(option)
    volume = json.loads(text)
    # What is sorted is put back by text, so that every other byte is still compared.
    written = json.dumps(volume.get("options", []), separators=(",", ":"))
    assert volume["volume_type"] == "image_guest_pull" and text.count(written) <= 1
    return VOLUME + text.replace(written, json.dumps(sorted(volume.get("options", [])), separators=(",", ":")))


class Node:
    """A running snapshotter and what a snapshotter's author would know of each snapshot."""

    def __init__(self, stack, service):
        self.stack = stack
        self._service = service
        self._keys = itertools.count(1)
        self._directories = {}

    @property
    def snapshots(self):
        return self.stack.snapshotter_directory / "snapshots"

    def _new_directories(self, before):
        return sorted(self.snapshots_now() - before, key=lambda path: int(path.name))

    def snapshots_now(self):
        found = self.snapshots.iterdir() if self.snapshots.exists() else []
        return {path for path in found if path.name.isdigit()}

    def add(self, add_image):
        """Pulls an image; returns the name of its top snapshot. Snapshots are made from the lowest to the top."""
        before = self.snapshots_now()
        reference = add_image()
        chain = self.chain(self._name_ending_with(self.stack.top_of(reference)))
        directories = self._new_directories(before)
        assert len(directories) == len(chain)
        self._directories |= dict(zip(reversed(chain), directories))
        return chain[0]

    def _name_ending_with(self, chain_id):
        (name,) = [name for name in self._service.all() if name.endswith(chain_id)]
        return name

    def chain(self, name):
        """The snapshot and those below it."""
        infos = self._service.all()
        chain = []
        while name:
            chain.append(name)
            name = infos[name].parent
        return chain

    def labels(self, name):
        return self._service.all()[name].labels

    def directory(self, name):
        return self._directories[name]

    def directories(self, top):
        return [str(self.directory(name)) for name in self.chain(top)] if top else []

    @contextlib.contextmanager
    def prepared(self, parent="", labels=None):
        with self._made(self._service.prepare, parent, labels) as made:
            yield made

    @contextlib.contextmanager
    def viewed(self, parent, labels=None):
        with self._made(self._service.view, parent, labels) as made:
            yield made

    @contextlib.contextmanager
    def _made(self, method, parent, labels):
        key = f"key-{next(self._keys)}"
        before = self.snapshots_now()
        mount = method(key, parent, labels)
        (directory,) = self._new_directories(before)
        self._directories[key] = directory
        try:
            yield key, directory, mount
        finally:
            if key in self._service.all():
                self._service.remove(key)

    def mounts(self, key):
        return self._service.mounts(key)

    def commit(self, key):
        name = f"committed-{key}"
        self._service.commit(name, key)
        self._directories[name] = self._directories[key]
        return name


@contextlib.contextmanager
def running_node(programs, options):
    with Stack(programs, None, "2.4", options) as stack, SnapshotService(stack.snapshotter_socket) as service:
        yield Node(stack, service)
    assert stack.leftovers == []


def add_plain(node, directory, count):
    sources = [layers.write_layer(directory / str(number), {f"{count}-{number}": ""}) for number in range(count)]
    return node.add(lambda: node.stack.add_image(f"layers-{count}", plain_image(sources)))
