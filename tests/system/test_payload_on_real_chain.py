# SPDX-License-Identifier: Apache-2.0
"""Payloads that containerd brings to the helper: broken ones must stop a container, whole ones must leave no trace.

A stand-in answers for nydus-snapshotter here, because the real one makes no broken payload.
"""

import re

import pytest

from nydus_stack import layers, payload
from nydus_stack.image import plain_image
from nydus_stack.mounts import parse
from nydus_stack.stack import Stack

EXTRA_OPTION = payload.extra_option("/snapshots/1")
WITHOUT_SOURCE = {"config": "{}", "snapshotdir": "/snapshots/1", "fs_version": "v6"}
DISK = "/cache/layer.disk"

BROKEN = {
    "base64": [EXTRA_OPTION + "*"],
    "cut-off": [EXTRA_OPTION[: len(EXTRA_OPTION) // 2 // 4 * 4]],
    "not-json": [f"{payload.EXTRA_OPTION}=bm90IGpzb24="],
    "no-source": [f"{payload.EXTRA_OPTION}={payload.encode(WITHOUT_SOURCE)}"],
    "verity-block-size": [payload.kata_volume("image_raw_block", DISK, payload.verity(blocksize=0))],
    "verity-hash-type": [payload.kata_volume("image_raw_block", DISK, payload.verity(hashtype="md5"))],
    "verity-offset": [payload.kata_volume("image_raw_block", DISK, payload.verity(offset=4096))],
    "second-volume": [
        payload.kata_volume("layer_raw_block", DISK, payload.verity()),
        payload.kata_volume("layer_raw_block", DISK, payload.verity(blocknum=0)),
    ],
}

WHOLE = {
    "extra-option": [EXTRA_OPTION],
    "large": [payload.extra_option("/snapshots/1", padding=90_000 * 3 // 4)],
    "image-block": [payload.kata_volume("image_raw_block", DISK)],
    "image-block-with-verity": [payload.kata_volume("image_raw_block", DISK, payload.verity())],
    "layer-blocks": [payload.kata_volume("layer_raw_block", DISK, payload.verity()) for _ in range(3)],
    "guest-pull": [payload.guest_pull_volume("example.test/image:1", {"containerd.io/snapshot/cri.image-ref": "x"})],
    "both": [EXTRA_OPTION, payload.kata_volume("image_raw_block", DISK)],
}


@pytest.fixture(scope="module")
def stack(helper, programs):
    with Stack(programs, helper.path) as running:
        yield running
    assert running.leftovers == []


@pytest.fixture(scope="module")
def image(stack, sample_layers):
    return stack.add_image("sample", plain_image(sample_layers))


@pytest.fixture
def start(stack, image):
    """Starts a container with the given options for Kata."""

    def run(options):
        stack.set_options_for_kata(options)
        return stack.run(image, "cat /data/of-layer-2; grep ' / / ' /proc/self/mountinfo")

    yield run
    assert stack.traces_of_containers() == []


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_payload_stops_the_container(start, kind):
    outcome = start(BROKEN[kind])
    assert outcome.status != 0
    assert outcome.output == ""
    # containerd quotes what the helper wrote: one line, which begins with the program and ends the sentence.
    reported = re.search(r'failed: "((?:[^"\\]|\\.)*)": exit status (\d+)', outcome.errors)
    assert reported, outcome.errors
    message, status = reported.groups()
    assert status == "1"
    assert message.startswith("mount.fuse.nydus-overlayfs: ")
    assert message.count("\\n") == 1 and message.endswith("\\n")
    for option in BROKEN[kind]:
        name, _, secret = option.partition("=")
        assert name in message
        assert secret[:24] not in message


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_payload_is_stripped(start, kind):
    outcome = start(WHOLE[kind])
    assert outcome.status == 0, outcome.errors[-500:]
    content, line = outcome.output.splitlines()
    assert content + "\n" == layers.OF_LAYER_2
    mount = parse(line)
    assert mount.kind == "overlay"
    names = {option.partition("=")[0] for option in mount.super_options}
    assert not names & {payload.EXTRA_OPTION, payload.KATA_VOLUME}
