# SPDX-License-Identifier: Apache-2.0
"""The kinds of images, told from files that nydus-image and mkfs.erofs made."""

import subprocess

import pytest

from nydus_stack import layers
from nydus_stack.image import bootstrap_in
from nydus_stack.inspection import BAD, GOOD, UNUSABLE, inspect

BLOB = "Nydus blob with its bootstrap inside"


class Images:
    """Makes images of one directory."""

    def __init__(self, nydus_image, directory):
        self._program = nydus_image
        self._directory = directory
        self._source = directory / "source"
        self._source.mkdir()
        (self._source / "text").write_text("text\n")
        (self._source / "zeros").write_bytes(bytes(200_000))

    def bootstrap(self, name, *options):
        path = self._directory / name
        blobs = self._directory / f"{name}.blobs"
        blobs.mkdir()
        self._run("create", "--type", "dir-rafs", "--bootstrap", path, "--blob-dir", blobs, *options, self._source)
        return path

    def blob(self, name, *options):
        path, tar = self._directory / name, self._directory / f"{name}.tar"
        tar.write_bytes(layers.archive(self._source))
        self._run("create", "--type", "tar-rafs", "--blob-inline-meta", "--blob", path, *options, tar)
        return path

    def merged(self, *bootstraps):
        path = self._directory / "merged"
        self._run("merge", "--bootstrap", path, *bootstraps)
        return path

    def erofs(self, *options):
        path = self._directory / "erofs"
        subprocess.run(["mkfs.erofs", *options, path, self._source], check=True, capture_output=True)
        return path

    def _run(self, verb, *arguments):
        subprocess.run([self._program, verb, "--log-level", "warn", *arguments], check=True, capture_output=True)


@pytest.fixture
def images(programs, tmp_path):
    return Images(programs.nydus_image, tmp_path)


def kind_of(tool, path):
    report = inspect(tool, path)
    assert report.status == GOOD and report.json["mounts"] == []
    assert report.json["image"]["flaw"] is None
    return report.json["image"]


@pytest.mark.parametrize("compressor", ["none", "lz4_block", "zstd"])
@pytest.mark.parametrize("digester", ["blake3", "sha256"])
def test_rafs_v6(tool, images, compressor, digester):
    image = kind_of(tool, images.bootstrap("boot", "--compressor", compressor, "--digester", digester))
    assert (image["kind"], image["compressor"], image["digester"]) == ("RAFS v6", compressor, digester)
    assert (image["block_size"], image["chunk_size"], image["blobs"]) == (4096, 0x100000, 1)


@pytest.mark.parametrize("compressor", ["none", "zstd"])
def test_rafs_v5(tool, images, compressor):
    options = ("--fs-version", "5", "--compressor", compressor, "--chunk-size", "0x10000")
    image = kind_of(tool, images.bootstrap("boot", *options))
    assert (image["kind"], image["compressor"], image["chunk_size"]) == ("RAFS v5", compressor, 0x10000)
    assert image["blobs"] == 1


def test_merged_bootstrap(tool, images):
    image = kind_of(tool, images.merged(images.bootstrap("lower"), images.bootstrap("upper", "--compressor", "none")))
    assert image["kind"] == "RAFS v6"


@pytest.mark.parametrize("version", ["5", "6"])
def test_blob_with_bootstrap_at_its_end(tool, images, version):
    image = kind_of(tool, images.blob("blob", "--fs-version", version))
    assert (image["kind"], image["tail"]) == (BLOB, "image.boot")


def test_blob_with_table_of_contents(tool, images):
    blob = images.blob("blob", "--features", "blob-toc")
    image = kind_of(tool, blob)
    assert (image["kind"], image["tail"]) == (BLOB, "rafs.blob.toc")
    inside = blob.with_name("inside")
    inside.write_bytes(bootstrap_in(blob.read_bytes()))
    assert kind_of(tool, inside)["kind"] == "RAFS v6"


@pytest.mark.parametrize("options", [(), ("-zlz4",), ("--chunksize=65536",)], ids=["plain", "lz4", "chunks"])
def test_plain_erofs(tool, images, options):
    image = kind_of(tool, images.erofs(*options))
    assert (image["kind"], image["block_size"], image["compressor"]) == ("EROFS", 4096, None)


def test_data_blob_is_no_image(tool, images):
    bootstrap = images.bootstrap("boot", "--compressor", "none")
    (blob,) = bootstrap.with_name("boot.blobs").iterdir()
    report = inspect(tool, blob)
    assert report.status == UNUSABLE and "no mount and no payload" in report.errors


def test_cut_images(tool, images, tmp_path):
    whole = images.bootstrap("boot").read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[:1400])
    report = inspect(tool, cut)
    assert report.status == BAD
    assert report.json["image"]["flaw"] == "it ends within its extended super block"
    # What the super block says of the rest of the file is not looked at.
    cut.write_bytes(whole[:1408])
    assert kind_of(tool, cut)["kind"] == "RAFS v6"
    cut.write_bytes(whole[:1000])
    assert inspect(tool, cut).status == UNUSABLE


def test_bootstrap_that_a_payload_names(tool, images):
    bootstrap = images.bootstrap("boot", "--fs-version", "5")
    text = '{"source":"%s","config":"{}","snapshotdir":"/none","fs_version":"v6"}' % bootstrap
    mount = inspect(tool, text=text).mount
    assert mount["paths"][0]["state"] == "image" and mount["paths"][0]["detail"].startswith("RAFS v5, zstd, blake3")
    assert mount["hints"] == ["fs_version is v6, the bootstrap is RAFS v5"]
