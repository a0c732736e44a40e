# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl encode mount` against the running nydus-snapshotter.

The snapshotter is asked at its own socket (Prepare, View, Mounts). Ours is made of what can be known without the
answer: directories on disk, labels, the daemon's configuration file. Both must be the same bytes; only the options of
a guest-pull volume, which Go writes in random order, are compared as a set.
"""

import base64
import contextlib
import itertools
import json
import subprocess
from pathlib import Path

import pytest

from nydus_stack import layers
from nydus_stack.configuration import Snapshotter
from nydus_stack.image import plain_image
from nydus_stack.snapshot_service import Slice, SnapshotService
from nydus_stack.stack import Stack

HELPER = "nydus-overlayfs"
VOLATILE = {"containerd.io/snapshot/overlay.volatile": "true"}
MAPPING = "0:100000:65536"
MAPPED = {"containerd.io/snapshot/uidmapping": MAPPING, "containerd.io/snapshot/gidmapping": MAPPING}
VOLUME = "io.katacontainers.volume="


def encode_mount(tool, description):
    """The slice that ours makes; `description` without its members that are None."""
    text = json.dumps({key: value for key, value in description.items() if value is not None})
    done = subprocess.run(
        [tool, "encode", "mount", "--json"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Slice(**json.loads(done.stdout))


def comparable(mount):
    """The slice with the options of guest-pull volumes in order."""
    return Slice(mount.type, mount.source, [with_sorted_volume_options(option) for option in mount.options])


def volume_text(option):
    return base64.b64decode(option.removeprefix(VOLUME)).decode()


def with_sorted_volume_options(option):
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


# Nydus images


class NydusImages:
    """A node with images of both versions, with one and with several layers."""

    LAYERS = {"v5-one": ("5", 1), "v5-three": ("5", 3), "v6-one": ("6", 1), "v6-three": ("6", 3)}

    def __init__(self, node, directory, names):
        self.node = node
        self.tops = {name: node.add(lambda name=name: self._add(name, directory)) for name in names}

    def _add(self, name, directory):
        version, count = self.LAYERS[name]
        sources = [
            layers.write_layer(directory / name / str(number), {f"file-{number}": f"{name}\n"})
            for number in range(count)
        ]
        return self.node.stack.add_nydus_image(name, sources, version)

    def extra_option(self, top):
        return {
            "bootstrap": str(self.node.directory(top) / "fs/image/image.boot"),
            "config": self.configuration_of(top),
        }

    def configuration_of(self, top):
        """What the snapshotter wrote for nydusd. It names the image by its snapshot's number."""
        wanted = f"/{self.node.directory(top).name}"
        (text,) = [
            path.read_text()
            for path in (self.node.stack.snapshotter_directory / "config").rglob("config.json")
            if json.loads(path.read_text())["device"].get("id") == wanted
        ]
        return text

    def rafs(self, top, **more):
        return {"directory": str(self.node.directory(top) / "mnt"), **more}


@pytest.fixture(scope="module")
def nydus_images(programs, tmp_path_factory):
    with running_node(programs, Snapshotter()) as node:
        yield NydusImages(node, tmp_path_factory.mktemp("images"), NydusImages.LAYERS)


@pytest.mark.parametrize("name", NydusImages.LAYERS)
def test_container_of_a_nydus_image(nydus_images, tool, name):
    node, top = nydus_images.node, nydus_images.tops[name]
    with node.prepared(top) as (key, directory, prepared):
        ours = encode_mount(
            tool,
            {
                "directory": str(directory),
                "rafs": nydus_images.rafs(top, extra_option=nydus_images.extra_option(top)),
            },
        )
        assert prepared == ours
        assert node.mounts(key) == ours
    assert ours.type == "fuse.nydus-overlayfs"


@pytest.mark.parametrize("name", NydusImages.LAYERS)
def test_view_of_a_nydus_image(nydus_images, tool, name):
    node, top = nydus_images.node, nydus_images.tops[name]
    with node.viewed(top) as (key, directory, viewed):
        rafs = nydus_images.rafs(top, extra_option=nydus_images.extra_option(top))
        assert viewed == encode_mount(tool, {"kind": "view", "directory": str(directory), "rafs": rafs})
        # Asked again, the snapshotter forgets that the image is a Nydus one.
        assert node.mounts(key) == encode_mount(
            tool, {"kind": "view", "directory": str(directory), "parents": node.directories(top)}
        )


def test_volatile_by_label(nydus_images, tool):
    node, top = nydus_images.node, nydus_images.tops["v6-three"]
    with node.prepared(top, VOLATILE) as (key, directory, prepared):
        description = {
            "directory": str(directory),
            "rafs": nydus_images.rafs(top, extra_option=nydus_images.extra_option(top)),
        }
        # Prepare looks at the labels of the image, Mounts at those of the snapshot.
        assert prepared == encode_mount(tool, description)
        again = node.mounts(key)
        assert again == encode_mount(tool, {**description, "labels": VOLATILE})
        assert again.options[0] == "volatile"
    with node.viewed(top, VOLATILE) as (_, directory, viewed):
        description |= {"kind": "view", "directory": str(directory), "labels": VOLATILE}
        assert viewed == encode_mount(tool, description)


# Plain images, which nydus-snapshotter unpacks like any other snapshotter


def test_plain_snapshots(nydus_images, tool):
    node = nydus_images.node

    def expect(mount, kind, directory, top="", labels=None):
        description = {
            "kind": kind,
            "directory": str(directory),
            "parents": node.directories(top),
            "labels": labels or {},
        }
        assert mount == encode_mount(tool, description)

    with node.prepared() as (first, directory, prepared):
        expect(prepared, "active", directory)
        expect(node.mounts(first), "active", directory)
        lowest = node.commit(first)
    with node.prepared(lowest, VOLATILE) as (second, directory, prepared):
        expect(prepared, "active", directory, lowest, VOLATILE)
        upper = node.commit(second)
    for top in (lowest, upper):
        for labels in ({}, VOLATILE, MAPPED, VOLATILE | MAPPED):
            with node.prepared(top, labels) as (key, directory, prepared):
                expect(prepared, "active", directory, top, labels)
                expect(node.mounts(key), "active", directory, top, labels)
            with node.viewed(top, labels) as (key, directory, viewed):
                expect(viewed, "view", directory, top, labels)
                expect(node.mounts(key), "view", directory, top, labels)
    with node.prepared("", MAPPED) as (_, directory, prepared):
        expect(prepared, "active", directory, "", MAPPED)


def test_container_on_a_committed_container(nydus_images, tool):
    node, top = nydus_images.node, nydus_images.tops["v6-three"]
    with node.prepared(top) as (key, _, _):
        committed = node.commit(key)
    with node.prepared(committed) as (key, directory, prepared):
        description = {"directory": str(directory)}
        # The snapshotter loses the committed layer at first, and the image the next time.
        rafs = nydus_images.rafs(top, extra_option=nydus_images.extra_option(top))
        assert prepared == encode_mount(tool, {**description, "rafs": rafs})
        assert node.mounts(key) == encode_mount(tool, {**description, "parents": node.directories(committed)})


# Other configurations

MODES = {
    "volatile": (Snapshotter(volatile=True), {"volatile": True}),
    "path-of-helper": (Snapshotter(overlayfs_path="/opt/bin/nydus-overlayfs"), {"helper": "/opt/bin/nydus-overlayfs"}),
    "name-of-helper": (Snapshotter(overlayfs_path="nydus-overlayfs-2"), {"helper": "nydus-overlayfs-2"}),
    "no-name-of-helper": (Snapshotter(overlayfs_path=""), {"helper": ""}),
    "without-helper": (Snapshotter(overlayfs=False), {}),
    "kata-volume-wins-over-helper": (Snapshotter(kata_volume=True), {}),
    # The token ends up in the option, and Go escapes some of it.
    "credentials": (Snapshotter(registry_token="<secret> & more"), {}),
    "shared-daemon": (Snapshotter(daemon_mode="shared"), {}),
}


@pytest.mark.parametrize("mode", MODES)
def test_mode_of_the_snapshotter(programs, tool, tmp_path, mode):
    options, members = MODES[mode]
    with running_node(programs, options) as node:
        images = NydusImages(node, tmp_path, ["v6-one"])
        (top,) = images.tops.values()
        for make, kind in ((node.prepared, "active"), (node.viewed, "view")):
            with make(top) as (key, directory, answered):
                rafs = images.rafs(top)
                if options.daemon_mode == "shared":
                    rafs["directory"] = str(node.stack.snapshotter_directory / "mnt" / node.directory(top).name)
                if options.overlayfs and not options.kata_volume:
                    rafs["extra_option"] = images.extra_option(top)
                if options.kata_volume:
                    rafs["kata_volumes"] = {"layers": [node.labels(name) for name in node.chain(top)]}
                description = {"kind": kind, "directory": str(directory), "rafs": rafs, **members}
                assert answered == encode_mount(tool, description)
                if kind == "active":
                    assert node.mounts(key) == answered


def test_container_with_mapped_users(programs, tool, tmp_path):
    # With the helper, v0.16.1 answers "no RAFS instance" instead.
    with running_node(programs, Snapshotter(overlayfs=False)) as node:
        images = NydusImages(node, tmp_path, ["v6-one"])
        (top,) = images.tops.values()
        with node.prepared(top, MAPPED) as (key, directory, prepared):
            rafs = {"directory": f"{node.directory(top)}-userns-100000/mnt-100000"}
            ours = encode_mount(tool, {"directory": str(directory), "labels": MAPPED, "rafs": rafs})
            assert prepared == ours
            assert node.mounts(key) == ours


# Images that the guest pulls


@pytest.fixture(scope="module", params=["", "/opt/bin/nydus-overlayfs"], ids=["default", "path"])
def proxy(request, programs):
    with running_node(programs, Snapshotter("proxy", overlayfs_path=request.param)) as node:
        yield node, request.param


def add_plain(node, directory, count):
    sources = [layers.write_layer(directory / str(number), {f"{count}-{number}": ""}) for number in range(count)]
    return node.add(lambda: node.stack.add_image(f"layers-{count}", plain_image(sources)))


@pytest.mark.parametrize("count", [1, 4])
def test_container_of_an_image_that_the_guest_pulls(proxy, tool, tmp_path, count):
    node, helper = proxy
    top = add_plain(node, tmp_path, count)
    all_layers = node.directories(top)
    with node.prepared(top) as (key, directory, prepared):
        description = {"directory": str(directory), "helper": helper}
        rafs = {
            "directory": str(node.directory(top) / "fs"),
            "kata_volumes": {"layers": [node.labels(name) for name in node.chain(top)]},
        }
        ours = encode_mount(tool, {**description, "rafs": rafs})
        assert comparable(prepared) == comparable(ours)
        assert len(json.loads(volume_text(ours.options[-1]))["options"]) == 2
        # Asked again, the snapshotter takes it for one that somebody else made.
        again = encode_mount(tool, {**description, "parents": all_layers, "proxy": {}})
        assert node.mounts(key) == again
        assert again.type == f"fuse.{helper or HELPER}"
    with node.viewed(top) as (key, directory, viewed):
        description = {"kind": "view", "directory": str(directory), "parents": all_layers}
        assert viewed == encode_mount(tool, description)
        assert node.mounts(key) == encode_mount(tool, {**description, "helper": helper, "proxy": {}})


def test_container_whose_image_the_proxy_does_not_know(proxy, tool):
    node, helper = proxy
    with node.prepared() as (key, directory, prepared):
        ours = encode_mount(
            tool,
            {
                "directory": str(directory),
                "helper": helper,
                "proxy": {"snapshots_root": str(node.snapshots)},
            },
        )
        assert prepared == ours
        assert node.mounts(key) == ours


def test_container_with_the_reference_of_its_image(proxy, tool, tmp_path):
    node, helper = proxy
    top = add_plain(node, tmp_path, 2)
    labels = {"containerd.io/snapshot/cri.image-ref": "example.org/image:1"}
    with node.prepared(top, labels) as (key, directory, _):
        rafs = {
            "directory": str(node.directory(top) / "fs"),
            "kata_volumes": {"layers": [node.labels(name) for name in node.chain(top)]},
        }
        ours = encode_mount(tool, {"directory": str(directory), "helper": helper, "labels": labels, "rafs": rafs})
        assert comparable(node.mounts(key)) == comparable(ours)


# Images of tarfs layers, exported as disks

EXPORT_MODES = [
    "none",
    "layer_verity_only",
    "image_verity_only",
    "layer_block",
    "image_block",
    "layer_block_with_verity",
    "image_block_with_verity",
]
NYDUS_IMAGE = Path(__file__).with_name("nydus_image_for_tarfs.sh")


def tarfs_volumes(node, top, mode):
    """What `encode mount` needs to know of a tarfs image, besides where it is mounted."""
    all_labels = [node.labels(name) for name in node.chain(top)]
    if mode in ("layer_block", "image_block"):
        # The store keeps no label without a value; the snapshotter works with what it has in memory.
        all_labels[0][f"containerd.io/snapshot/nydus-{mode.replace('_', '-')}"] = ""
    return {"layers": all_labels, "cache_directory": str(node.stack.snapshotter_directory / "cache")}


@pytest.mark.parametrize("mode", EXPORT_MODES)
@pytest.mark.parametrize("count", [1, 3])
def test_tarfs_image(programs, tool, tmp_path, mode, count):
    options = Snapshotter("blockdev", kata_volume=True, tarfs_export=mode, nydus_image=str(NYDUS_IMAGE))
    with running_node(programs, options) as node:
        top = add_plain(node, tmp_path, count)
        with node.prepared(top) as (key, directory, prepared):
            rafs = {"directory": str(node.directory(top) / "fs"), "kata_volumes": tarfs_volumes(node, top, mode)}
            ours = encode_mount(tool, {"directory": str(directory), "rafs": rafs})
            assert prepared == ours
            assert node.mounts(key) == ours
        volumes = [json.loads(volume_text(option)) for option in ours.options if option.startswith(VOLUME)]
        assert len(volumes) == {"none": 0, "layer": count, "image": 1}[mode.split("_")[0]]
        assert ["dm_verity" in volume for volume in volumes] == ["verity" in mode] * len(volumes)
        with node.viewed(top) as (key, directory, viewed):
            ours = encode_mount(tool, {"kind": "view", "directory": str(directory), "rafs": rafs})
            if mode.startswith("layer"):
                # v0.16.1 takes the view for a layer, too: one whose disk has no name.
                stray = json.loads(volume_text(viewed.options.pop(1)))
                assert stray["source"] == f"{rafs['kata_volumes']['cache_directory']}/.layer.disk"
            assert viewed == ours
