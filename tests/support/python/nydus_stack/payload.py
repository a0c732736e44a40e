# SPDX-License-Identifier: Apache-2.0
"""The options that a snapshotter adds for Kata, as nydus-snapshotter writes them."""

import base64
import json

EXTRA_OPTION = "extraoption"
KATA_VOLUME = "io.katacontainers.volume"


def encode(document):
    return base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def extra_option(snapshot_directory, padding=0):
    """The whole option. `padding` is the number of bytes by which the daemon configuration is blown up."""
    config = {"device": {"backend": {"type": "registry", "config": {"auth": "dXNlcjpzZWNyZXQ="}}}, "mode": "direct"}
    if padding:
        config["padding"] = "x" * padding
    document = {
        "source": f"{snapshot_directory}/fs/image/image.boot",
        "config": json.dumps(config, separators=(",", ":")),
        "snapshotdir": str(snapshot_directory),
        "fs_version": "v6",
    }
    return f"{EXTRA_OPTION}={encode(document)}"


def verity(**changes):
    """What dm-verity needs to know about a disk of 1126400 bytes, as in a real image; `changes` replace members."""
    information = {
        "hashtype": "sha256",
        "blocksize": 512,
        "hashsize": 4096,
        "blocknum": 2200,
        "offset": 1126400,
        "hash": "7875f58ccad7" + "0" * 52,
    }
    information.update(changes)
    return information


def kata_volume(volume_type, source, dm_verity=None):
    document = {"volume_type": volume_type, "source": str(source), "fs_type": "erofs", "options": ["ro"]}
    if dm_verity:
        document["dm_verity"] = dm_verity
    return f"{KATA_VOLUME}={encode(document)}"


def guest_pull_volume(reference, metadata):
    document = {"volume_type": "image_guest_pull", "source": reference, "image_pull": {"metadata": metadata}}
    return f"{KATA_VOLUME}={encode(document)}"
