# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl encode mount` against the running nydus-snapshotter: Nydus images and plain ones, byte for byte."""

import collections
import json
import random

import grpc
import pytest

from nydus_stack import layers
from nydus_stack.configuration import Snapshotter
from nydus_stack.slices import encode_mount, run_encode_mount, running_node

VOLATILE = {"containerd.io/snapshot/overlay.volatile": "true"}
MAPPING = "0:100000:65536"
MAPPED = {"containerd.io/snapshot/uidmapping": MAPPING, "containerd.io/snapshot/gidmapping": MAPPING}


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


def generated_mappings(count):
    """Labels for users and groups, good and bad; blanks outside ASCII, which Go alone skips, are left out."""
    choose = random.Random(5).choice
    good = ["0", "1", "100000", "65536", "01", "4294967294"]
    odd = ["4294967295", "4294967296", "18446744073709551616", "-1", "+1", "0x1", "1_0", "", "a", "7 7"]
    odd += [" 7", "7\t", "\n7\r"]
    for _ in range(count):
        numbers = [choose(odd if choose(range(6)) == 0 else good) for _ in range(choose([3] * 10 + [2, 4]))]
        text = choose(["", "", " "]) + ":".join(numbers)
        yield text, choose([text] * 10 + ["", text + " "])


def test_id_mappings_are_read_alike(nydus_images, tool):
    node = nydus_images.node
    with node.prepared() as (key, _, _):
        parent = node.commit(key)
    verdicts = collections.Counter()
    for uid, gid in generated_mappings(400):
        labels = dict(zip(MAPPED, (uid, gid)))
        description = {"parents": node.directories(parent), "labels": labels}
        try:
            with node.prepared(parent, labels) as (_, directory, prepared):
                assert prepared == encode_mount(tool, {"directory": str(directory), **description}), labels
        except grpc.RpcError:
            refused = run_encode_mount(tool, {"directory": "/s/1", **description})
            assert (refused.returncode, refused.stdout) == (1, ""), labels
            assert "idmapping: " in refused.stderr
            verdicts["refused"] += 1
        else:
            verdicts["accepted"] += 1
    assert min(verdicts["accepted"], verdicts["refused"]) > 100


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
