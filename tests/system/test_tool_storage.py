# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl storage`: what it reads from where, that what it writes fits the schemas, and what it refuses.
kata_test says whether what it writes is right.
"""

import base64
import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "packaging/schema"
SECRET = "c2VjcmV0OnNlY3JldA"
EXTRA_OPTION = {
    "source": "/s/3/fs/image/image.boot",
    "config": json.dumps({"device": {"backend": {"config": {"auth": SECRET}}}}),
    "snapshotdir": "/s/4",
    "fs_version": "v6",
}
IMAGE = {"volume_type": "image_raw_block", "source": "/a.disk", "fs_type": "erofs", "options": ["ro"]}
LAYER = IMAGE | {"volume_type": "layer_raw_block"}
DIRECT = {
    "volume_type": "direct_block",
    "source": "/dev/vdb",
    "fs_type": "ext4",
    "direct_volume": {"metadata": {"key": "value"}},
}
VERITY = {
    "hashtype": "sha256",
    "hash": "9de18652fe74edfb9b805aaed72ae2aa48f94333f1ba5c452ac33b1c39325174",
    "blocknum": 2361,
    "blocksize": 512,
    "hashsize": 4096,
    "offset": 1212416,
    "no_superblock": True,
}


def payload(description, name="io.katacontainers.volume"):
    return f"{name}={base64.b64encode(json.dumps(description).encode()).decode()}"


def run(tool, *words, options=""):
    return subprocess.run(
        [tool, "storage", *map(str, words)], input=options.encode(), capture_output=True, check=False
    )


def described(tool, *words, options):
    done = run(tool, "c1", *words, options=options)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"\n") and done.stdout.count(b"\n") == 1
    description = json.loads(done.stdout)
    schema = SCHEMAS / "container-description.schema.json"
    resolver = jsonschema.RefResolver(schema.as_uri(), json.loads(schema.read_text()))
    jsonschema.Draft7Validator(resolver.referrer, resolver=resolver).validate(description)
    return description


def refused(done, message, status=1):
    """One line on standard error, nothing on standard output, and no secret anywhere."""
    assert (done.returncode, done.stdout) == (status, b"")
    errors = done.stderr.decode()
    assert errors.count("\n") == 1 and errors.endswith("\n")
    assert SECRET not in errors
    assert message in errors


def test_shared_directory_fits_its_schema(tool):
    done = run(tool, "--shared")
    assert (done.returncode, done.stderr) == (0, b"")
    jsonschema.validate(json.loads(done.stdout), json.loads((SCHEMAS / "agent-storage.schema.json").read_text()))


@pytest.mark.parametrize("mode", ["", "nydus.mode=kata,nydus.sandbox=s1,nydus.container=c1,"])
def test_options_of_a_mount_are_read_whether_or_not_they_name_the_mode(tool, mode):
    options = f"{mode}lowerdir=/a:/b,upperdir=/s/4/fs,workdir=/s/4/work,{payload(EXTRA_OPTION, 'extraoption')}\n"
    description = described(tool, options=options)
    assert [storage["driver"] for storage in description["storages"]] == ["overlayfs"]
    assert SECRET not in json.dumps(description)


def test_options_may_come_from_a_file(tool, tmp_path):
    path = tmp_path / "options"
    path.write_text(payload(EXTRA_OPTION, "extraoption"))
    assert described(tool, path, options="")["storages"]


@pytest.mark.parametrize(
    "volumes, words",
    [
        ([{"volume_type": "image_guest_pull", "source": "app:1", "image_pull": {"metadata": {}}}], []),
        ([IMAGE], []),
        ([IMAGE], ["--address=02/01"]),
        ([IMAGE | {"fs_type": "xfs"}], ["--driver=mmioblk", "--address=/dev/vda"]),
        ([IMAGE | {"dm_verity": VERITY}], []),
        ([IMAGE | {"dm_verity": VERITY}], ["--address=02/01", "--partition=1"]),
        ([LAYER, LAYER, DIRECT], ["--driver=scsi", "--address=0:0,0:0,0:1", "--partition=1,2,0"]),
    ],
)
def test_description_of_volumes_fits_its_schema(tool, volumes, words):
    description = described(tool, *words, options=",".join(map(payload, volumes)))
    devices = len(description.get("block_devices", []))
    assert len(description["storages"]) == (devices if words else len(volumes) - devices)


def test_description_is_json_whether_or_not_that_is_asked_for(tool):
    options = payload(EXTRA_OPTION, "extraoption")
    assert described(tool, "--json", options=options) == described(tool, options=options)
    assert run(tool, "--shared", "--json").stdout == run(tool, "--shared").stdout != b""


def test_volumes_win_over_an_extra_option(tool):
    options = f"{payload(EXTRA_OPTION, 'extraoption')},{payload(IMAGE)}"
    assert described(tool, options=options)["storages"] == []


@pytest.mark.parametrize(
    "words, options, message",
    [
        ([], "", "wants a container"),
        (["c1", "-", "x"], "", "wants a container"),
        (["--shared", "c1"], "", "--shared takes no container"),
        (["../c1"], "", "is not an identifier"),
        (["c1,nydus.mode=native"], "", "is not an identifier"),
        (["sandbox-mounts"], payload(IMAGE), "would lie where the sandbox's own binds do"),
        (["c1"], "lowerdir=/a:/b", "neither extraoption= nor io.katacontainers.volume="),
        (["c1"], payload(EXTRA_OPTION, "extraoption")[:-9], "extraoption"),
        (["c1"], payload(EXTRA_OPTION | {"source": ""}, "extraoption"), "source"),
        (["c1"], f"nydus.payload=ignore,{payload(IMAGE)}", "nydus.payload=ignore leaves nothing"),
        (["c1"], f"nydus.container=c2,{payload(IMAGE)}", "another mode or container"),
        (["c1"], f"lowerdir=/a,nydus.mode=native,{payload(IMAGE)}", "nydus.mode=kata"),
        (["c1"], payload(IMAGE) + "\0", "holds a NUL"),
        (["c1"], payload(IMAGE | {"volume_type": "image_next"}), "volume_type: is not known"),
        (["c1", "--address=02,03"], payload(IMAGE), "1 block devices and 2 addresses"),
        (["c1", "--address=/etc/passwd"], payload(IMAGE), "is no address of driver blk"),
        (["c1", "--address=02", "--partition=129"], payload(IMAGE), "is no number from 0 to 128"),
        (["c1", "--address=02", "--partition=-1"], payload(IMAGE), "is no number from 0 to 128"),
        (["c1", "--driver=virtio"], payload(IMAGE), "--driver"),
        (["c1", "--address=02"], payload(IMAGE | {"dm_verity": VERITY}), "would not check the image's integrity"),
    ],
)
def test_what_cannot_be_described_is_refused(tool, words, options, message):
    refused(run(tool, *words, options=options), message)


def test_payload_in_the_place_of_the_file_is_not_repeated(tool):
    refused(run(tool, "c1", payload(EXTRA_OPTION, "extraoption")), "not the name of a file")


def test_superblock_is_looked_up_in_the_image(tool, tmp_path):
    image = tmp_path / "disk"
    image.write_bytes(bytes(VERITY["offset"]) + b"verity\0\0" + bytes(4088))
    volume = IMAGE | {"source": str(image), "dm_verity": VERITY | {"no_superblock": False}}
    described_table = described(tool, options=payload(volume))["block_devices"][0]["verity_table"]
    assert described_table.split()[:11] == "0 2361 verity 1 DEVICE DEVICE 512 4096 2361 297 sha256".split()
    refused(run(tool, "c1", options=payload(volume | {"source": "/no/such/disk"})), "No such file")
