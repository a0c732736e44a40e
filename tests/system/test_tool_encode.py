# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl encode`: what it reads from where, and what it refuses. test_slices_against_snapshotter.py says
whether what it writes is right.
"""

import base64
import json
import struct
import subprocess
from pathlib import Path

import jsonschema
import pytest

SCHEMA = Path(__file__).resolve().parents[2] / "packaging/schema/encode-mount.schema.json"
SECRET = "c2VjcmV0OnNlY3JldA"
CONFIG = json.dumps({"device": {"backend": {"config": {"auth": SECRET}}}, "text": "<b> & \u2028 \U0001f600"})
V5 = struct.pack("<II", 0x52414653, 0x500) + bytes(4088)
V6 = bytes(1024) + struct.pack("<I", 0xE0F5E1E2) + bytes(3068)
VOLUME = {"volume_type": "image_raw_block", "source": "/a.disk", "fs_type": "erofs", "options": ["ro"]}
SLICE = {
    "directory": "/s/4",
    "rafs": {
        "directory": "/s/3/mnt",
        "extra_option": {"bootstrap": "/s/3/fs/image/image.boot", "config": CONFIG, "fs_version": "v6"},
    },
}


def run(tool, *words, text=""):
    return subprocess.run(
        [tool, "encode", *map(str, words)], input=text.encode(), capture_output=True, check=False
    )


def written(done):
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def refused(done, message, status=1):
    """One line on standard error, nothing on standard output, and no secret anywhere."""
    assert (done.returncode, done.stdout) == (status, b"")
    errors = done.stderr.decode()
    assert errors.count("\n") == 1 and errors.endswith("\n")
    assert SECRET not in errors
    assert message in errors


def decoded(text, name):
    option, _, value = text.removesuffix("\n").partition("=")
    assert option == name
    return json.loads(base64.b64decode(value, validate=True))


@pytest.fixture
def bootstrap(tmp_path):
    path = tmp_path / "image.boot"
    path.write_bytes(V6)
    return path


# encode extra-option


def extra_option(tool, bootstrap, *words, config="-", text=CONFIG):
    flags = ("--source", bootstrap, "--config", config, "--snapshot-dir", "/s/4")
    return run(tool, "extra-option", *flags, *words, text=text)


@pytest.mark.parametrize("head,version", [(V5, "v5"), (V6, "v6")], ids=["v5", "v6"])
def test_extra_option_tells_the_version_from_the_bootstrap(tool, bootstrap, head, version):
    bootstrap.write_bytes(head)
    option = decoded(written(extra_option(tool, bootstrap)), "extraoption")
    assert option == {"source": str(bootstrap), "config": CONFIG, "snapshotdir": "/s/4", "fs_version": version}


def test_extra_option_takes_the_version_without_a_bootstrap(tool):
    option = decoded(written(extra_option(tool, "/absent", "--fs-version=v5")), "extraoption")
    assert (option["source"], option["fs_version"]) == ("/absent", "v5")


@pytest.mark.parametrize("config", ["{}", "{}\n", " not JSON\t\0 at all"], ids=["json", "line-break", "other"])
def test_extra_option_keeps_the_configuration_byte_for_byte(tool, bootstrap, tmp_path, config):
    file = tmp_path / "config.json"
    file.write_text(config)
    assert decoded(written(extra_option(tool, bootstrap, config=file)), "extraoption")["config"] == config


def test_extra_option_refuses_what_is_missing(tool, bootstrap):
    flags = {"--source": bootstrap, "--config": "-", "--snapshot-dir": "/s/4"}
    for missing in flags:
        words = [word for flag, value in flags.items() if flag != missing for word in (flag, value)]
        refused(run(tool, "extra-option", *words, text=CONFIG), f"{missing} is missing")
    refused(extra_option(tool, bootstrap, text=""), "config: is missing or empty")
    refused(extra_option(tool, bootstrap, config="/absent"), "/absent", status=2)
    refused(extra_option(tool, bootstrap, "operand"), "takes flags alone")


def test_extra_option_refuses_another_version_and_what_is_no_bootstrap(tool, bootstrap, tmp_path):
    refused(extra_option(tool, bootstrap, "--fs-version=6"), "fs_version: is neither v5 nor v6")
    refused(extra_option(tool, "/absent"), "/absent", status=2)
    for content in (b"", b"short", bytes(4096), V5[:4] + bytes(4092), V6[:1100]):
        bootstrap.write_bytes(content)
        refused(extra_option(tool, bootstrap), "bootstrap")
    refused(extra_option(tool, tmp_path), str(tmp_path), status=2)


def test_extra_option_refuses_a_configuration_that_nobody_would_read(tool, bootstrap, tmp_path):
    refused(extra_option(tool, bootstrap, text="x" * (128 << 10)), "extraoption: is longer than 131072 bytes")
    refused(extra_option(tool, bootstrap, text="x" * ((128 << 10) + 1)), "standard input: longer than", status=2)
    file = tmp_path / "config.json"
    file.write_bytes(b"\xff")
    refused(extra_option(tool, bootstrap, config=file), "config: is not UTF-8")


# encode volume


def test_volume_from_a_file_and_from_standard_input(tool, tmp_path):
    text = json.dumps(VOLUME)
    file = tmp_path / "volume.json"
    file.write_text(text)
    canonical = base64.b64encode(json.dumps(VOLUME, separators=(",", ":")).encode()).decode()
    for done in (
        run(tool, "volume", text=text),
        run(tool, "volume", "-", text=text),
        run(tool, "volume", file),
        run(tool, "volume", file, "--for=kata-go"),
        run(tool, "volume", file, "--for=kata-rust"),
    ):
        assert written(done) == f"io.katacontainers.volume={canonical}\n"


def test_volume_is_read_as_its_reader_decodes(tool):
    # Go takes any case, null for nothing, and the last of two; Rust takes none of these.
    lax = '{"VOLUME_TYPE": "image_raw_block", "source": "/x", "source": "/a.disk", "fs_type": "erofs", "options": null}'
    for reader in ("snapshotter", "kata-go"):
        volume = decoded(written(run(tool, "volume", f"--for={reader}", text=lax)), "io.katacontainers.volume")
        assert volume == {"volume_type": "image_raw_block", "source": "/a.disk", "fs_type": "erofs"}
    refused(run(tool, "volume", "--for=kata-rust", text=lax), "source: is given twice")


@pytest.mark.parametrize(
    "volume,verdicts",
    [
        ({"volume_type": "new"}, {"snapshotter": "volume_type: is not one", "kata-go": None, "kata-rust": None}),
        (
            {"volume_type": "image_guest_pull", "image_pull": {"metadata": {"auth": SECRET}}},
            {"snapshotter": None, "kata-go": None, "kata-rust": "source: is missing or empty"},
        ),
        (
            {"volume_type": "image_raw_block", "source": "/d"},
            {"snapshotter": None, "kata-go": None, "kata-rust": "fs_type: is missing or empty"},
        ),
        (
            VOLUME | {"dm_verity": dict(hashtype="md5", hash="", blocknum=1, blocksize=1, hashsize=1, offset=1)},
            {"snapshotter": "dm_verity: hashtype", "kata-go": "dm_verity: hashtype", "kata-rust": None},
        ),
    ],
    ids=["unknown-type", "guest-pull", "raw-block", "bad-verity"],
)
def test_volume_must_satisfy_its_reader(tool, volume, verdicts):
    for reader, message in verdicts.items():
        done = run(tool, "volume", f"--for={reader}", text=json.dumps(volume))
        if message:
            refused(done, message)
        else:
            assert decoded(written(done), "io.katacontainers.volume") == volume


def test_volume_refuses_what_would_be_lost(tool):
    message = "standard input: holds a member that is not known and would be lost"
    refused(run(tool, "volume", text=json.dumps(VOLUME | {"auth": SECRET})), message)


@pytest.mark.parametrize("verb", ["volume", "mount-info"])
def test_unknown_members_of_a_mount_info_are_refused(tool, verb):
    text = '{"volume-type":"block","device":"/dev/a","fstype":"ext4","read_only":true}'
    refused(run(tool, verb, "--from=mount-info", text=text), "would be lost")


def test_text_in_place_of_a_file_name_is_not_repeated(tool, bootstrap):
    volume = json.dumps(VOLUME | {"source": SECRET})
    for text in (volume, base64.b64encode(volume.encode()).decode(), "extraoption=" + SECRET):
        refused(run(tool, "volume", text), "is a text, not the name of a file")
    refused(extra_option(tool, bootstrap, config=CONFIG), "is a text, not the name of a file")


def test_mount_info_says_where_kata_looks(tool):
    # base64 of the path, in the alphabet for file names
    assert written(run(tool, "mount-info", "--path-for=/mnt/a?>")) == (
        "/run/kata-containers/shared/direct-volumes/L21udC9hPz4=/mountInfo.json\n"
    )
    refused(run(tool, "mount-info", "--path-for=" + "/a" * 200), "volume path: is longer than 189 bytes")


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 40, f'{{"source": "{SECRET}"', f'{{"source": ["{SECRET}"]}}'])
def test_volume_refuses_what_is_no_volume(tool, text):
    refused(run(tool, "volume", text=text), "")


def test_volume_of_an_extra_option_has_the_type_of_its_version(tool):
    option = {"source": "/b", "config": CONFIG, "snapshotdir": "/s/4", "fs_version": "v6"}
    for version, fs_type in (("v5", "rafsv5"), ("v6", "rafsv6"), ("rafsv6", "rafsv6")):
        done = run(tool, "volume", "--from=extra-option", text=json.dumps(option | {"fs_version": version}))
        assert decoded(written(done), "io.katacontainers.volume") == {
            "volume_type": "image_nydus_fs",
            "source": "/b",
            "fs_type": fs_type,
            "nydus_image": {"config": CONFIG, "snapshot_dir": "/s/4"},
        }
    refused(run(tool, "volume", "--from=extra-option", text=json.dumps(option | {"fs_version": "7"})), "fs_version")
    refused(run(tool, "volume", "--from=extra-option", text=json.dumps(option | {"config": ""})), "config")
    refused(run(tool, "volume", "--from=extra-option", text=json.dumps(option | {"auth": SECRET})), "would be lost")


def test_volume_refuses_bad_command_lines(tool):
    refused(run(tool, "volume", "--from=me", text=json.dumps(VOLUME)), "--from")
    refused(run(tool, "volume", "--for=me", text=json.dumps(VOLUME)), "--for")
    refused(run(tool, "volume", "a", "b"), "more than one file")
    refused(run(tool, "volume", "/absent"), "/absent", status=2)


# encode mount-info

DIRECT_VOLUME = {
    "volume_type": "direct_block",
    "source": "/dev/sdb",
    "fs_type": "ext4",
    "options": ["rw"],
    "direct_volume": {"metadata": {"fsGroup": "1000"}},
}
MOUNT_INFO = {
    "volume-type": "block",
    "device": "/dev/sdb",
    "fstype": "ext4",
    "metadata": {"fsGroup": "1000"},
    "options": ["rw"],
}


def test_mount_info_and_direct_volume_become_each_other(tool):
    canonical = json.dumps(MOUNT_INFO, separators=(",", ":")) + "\n"
    assert written(run(tool, "mount-info", text=json.dumps(DIRECT_VOLUME))) == canonical
    spread = json.dumps(MOUNT_INFO, indent=2, sort_keys=True)
    assert written(run(tool, "mount-info", "--from=mount-info", text=spread)) == canonical
    volume = decoded(written(run(tool, "volume", "--from=mount-info", text=spread)), "io.katacontainers.volume")
    assert volume == DIRECT_VOLUME


def test_mount_info_refuses_what_kata_could_not_use(tool):
    refused(run(tool, "mount-info", text=json.dumps(VOLUME)), "direct_block")
    refused(run(tool, "mount-info", text=json.dumps(DIRECT_VOLUME | {"fs_type": ""})), "fs_type: is missing")
    refused(run(tool, "mount-info", text=json.dumps(DIRECT_VOLUME | {"source": ""})), "source: is missing")
    other_type = json.dumps(MOUNT_INFO | {"volume-type": "x"})
    refused(run(tool, "mount-info", "--from=mount-info", text=other_type), "volume-type")


# encode mount


def test_mount_as_text_and_as_json(tool, tmp_path):
    file = tmp_path / "slice.json"
    file.write_text(json.dumps(SLICE))
    as_json = json.loads(written(run(tool, "mount", "--json", file)))
    jsonschema.validate(as_json, json.loads(SCHEMA.read_text()))
    text = written(run(tool, "mount", text=file.read_text()))
    assert text == f"type={as_json['type']}\nsource={as_json['source']}\noptions={','.join(as_json['options'])}\n"


def test_mount_tells_the_version_from_the_bootstrap(tool, bootstrap):
    extra = {"bootstrap": str(bootstrap), "config": "{}"}
    description = {"directory": "/s/4", "rafs": {"directory": "/s/3/mnt", "extra_option": extra}}
    mount = json.loads(written(run(tool, "mount", "--json", text=json.dumps(description))))
    assert decoded(mount["options"][-1], "extraoption")["fs_version"] == "v6"
    bootstrap.unlink()
    refused(run(tool, "mount", text=json.dumps(description)), "bootstrap: ", status=2)


def test_mount_refuses_by_field_and_shows_no_secret(tool):
    changes = {
        "directory: ": {"directory": "s/4"},
        "holds an unknown key": {"auth": SECRET},
        "rafs: extra_option: config: is missing": {"rafs": {"directory": "/r", "extra_option": {"bootstrap": SECRET}}},
        "rafs: extra_option: config: is not a string": {
            "rafs": {"directory": "/r", "extra_option": {"bootstrap": "/b", "config": {"auth": SECRET}}}
        },
        "labels: is not an object of strings": {"labels": [SECRET]},
    }
    for message, change in changes.items():
        refused(run(tool, "mount", text=json.dumps(SLICE | change)), message)
    refused(run(tool, "mount", text=json.dumps(SLICE)[:-1]), "JSON")
    refused(run(tool, "mount", text=" " * ((1 << 20) + 1)), "longer than 1048576 bytes", status=2)
