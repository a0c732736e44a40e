# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl encode mount` against the running nydus-snapshotter: images that the guest pulls, and tarfs.

Both must be the same bytes; only the options of a guest-pull volume are compared as a set.
"""

import json
from pathlib import Path

import pytest

from nydus_stack.configuration import Snapshotter
from nydus_stack.slices import VOLUME, add_plain, comparable, encode_mount, running_node, volume_text

HELPER = "nydus-overlayfs"


# Images that the guest pulls


@pytest.fixture(scope="module", params=["", "/opt/bin/nydus-overlayfs"], ids=["default", "path"])
def proxy(request, programs):
    with running_node(programs, Snapshotter("proxy", overlayfs_path=request.param)) as node:
        yield node, request.param


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
