# SPDX-License-Identifier: Apache-2.0
"""Builds images, plain and Nydus, and pushes them to a registry or writes them to an archive."""

import gzip
import hashlib
import io
import json
import platform
import struct
import subprocess
import tarfile
import urllib.request
from pathlib import Path

from nydus_stack.layers import archive

LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
NYDUS_LAYER_TYPE = "application/vnd.oci.image.layer.nydus.blob.v1"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

TABLE_ENTRY_SIZE = 128
ZSTD_COMPRESSED = 2


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Image:
    """Blobs, layer descriptors and diff ids; what becomes of them is for the writers below."""

    def __init__(self):
        self.blobs = {}
        self._layers = []
        self._diff_ids = []

    def add_blob(self, data):
        digest = digest_of(data)
        self.blobs[digest] = data
        return digest

    def add_layer(self, media_type, data, diff_id, annotations=None):
        descriptor = {"mediaType": media_type, "digest": self.add_blob(data), "size": len(data)}
        if annotations:
            descriptor["annotations"] = annotations
        self._layers.append(descriptor)
        self._diff_ids.append(diff_id)

    def add_tar_layer(self, tar, annotations=None):
        self.add_layer(LAYER_TYPE, gzip.compress(tar, 6, mtime=0), digest_of(tar), annotations)

    def chain_id(self):
        """The name that containerd gives to the snapshot of all layers together."""
        chain = self._diff_ids[0]
        for diff_id in self._diff_ids[1:]:
            chain = digest_of(f"{chain} {diff_id}".encode())
        return chain

    def manifest(self):
        config = json.dumps(
            {
                "architecture": ARCHITECTURE,
                "os": "linux",
                "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
                "rootfs": {"type": "layers", "diff_ids": self._diff_ids},
                "history": [{"created_by": "test"} for _ in self._diff_ids],
            }
        ).encode()
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": {"mediaType": CONFIG_TYPE, "digest": self.add_blob(config), "size": len(config)},
                "layers": self._layers,
            }
        ).encode()


def plain_image(layer_directories):
    image = Image()
    for directory in layer_directories:
        image.add_tar_layer(archive(directory))
    return image


class NydusImageBuilder:
    """Calls nydus-image as nydus-snapshotter's converter does: one blob per layer, then one merged bootstrap."""

    def __init__(self, nydus_image, work_directory, fs_version="6", compressor="zstd"):
        self._program = nydus_image
        self._work = Path(work_directory)
        self._fs_version = fs_version
        self._compressor = compressor

    def build(self, layer_directories):
        self._work.mkdir(parents=True, exist_ok=True)
        image = Image()
        bootstraps = []
        for number, directory in enumerate(layer_directories):
            blob = self._blob_of_layer(number, directory)
            digest = digest_of(blob)
            image.add_layer(NYDUS_LAYER_TYPE, blob, digest, {"containerd.io/snapshot/nydus-blob": "true"})
            # nydus-image takes the blob id from the name of this file.
            bootstrap = self._work / digest.removeprefix("sha256:")
            bootstrap.write_bytes(bootstrap_in(blob))
            bootstraps.append(bootstrap)
        image.add_tar_layer(
            self._bootstrap_layer(bootstraps),
            {
                "containerd.io/snapshot/nydus-bootstrap": "true",
                "containerd.io/snapshot/nydus-fs-version": self._fs_version,
            },
        )
        return image

    def _blob_of_layer(self, number, directory):
        tar, blob = self._work / f"{number}.tar", self._work / f"{number}.blob"
        tar.write_bytes(archive(directory))
        features = ["--features", "blob-toc"] if self._fs_version == "6" else []
        self._run(
            *("create", "--type", "tar-rafs", "--blob-inline-meta", "--whiteout-spec", "none", "--blob", blob),
            *("--fs-version", self._fs_version, "--compressor", self._compressor, *features, tar),
        )
        return blob.read_bytes()

    def _bootstrap_layer(self, bootstraps):
        merged = self._work / "bootstrap"
        self._run("merge", "--output-json", self._work / "merge.json", "--bootstrap", merged, *bootstraps)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
            directory = tarfile.TarInfo("image")
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(directory)
            file = tarfile.TarInfo("image/image.boot")
            file.mode, file.size = 0o444, merged.stat().st_size
            tar.addfile(file, io.BytesIO(merged.read_bytes()))
        return buffer.getvalue()

    def _run(self, verb, *arguments):
        command = [self._program, verb, "--log-level", "warn", "--prefetch-policy", "fs", *arguments]
        # The policy reads the paths to prefetch from standard input.
        done = subprocess.run(command, input=b"/", capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"nydus-image {verb} failed: {done.stdout.decode()}{done.stderr.decode()}")


def _tar_member_from_the_end(blob, name):
    """A Nydus blob is a tar archive backwards: every header follows its data."""
    position = len(blob) - tarfile.BLOCKSIZE
    while position >= 0:
        header = tarfile.TarInfo.frombuf(blob[position:position + tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
        if header.name == name:
            return blob[position - header.size:position]
        position -= header.size + tarfile.BLOCKSIZE
    return None


def bootstrap_in(blob):
    table = _tar_member_from_the_end(blob, "rafs.blob.toc")
    if table is None:
        return _tar_member_from_the_end(blob, "image.boot")
    for start in range(0, len(table), TABLE_ENTRY_SIZE):
        flags, _, name, _, offset, size, _ = struct.unpack_from("<II16s32sQQQ", table, start)
        if name.rstrip(b"\0") == b"image.boot":
            data = blob[offset:offset + size]
            if flags & ZSTD_COMPRESSED:
                data = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
            return data
    raise ValueError("the blob has no bootstrap")


def _request(method, url, data=None, media_type="application/octet-stream"):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": media_type})
    # The registry is on this machine: a proxy from the environment must not be asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as reply:
        return reply.headers


def push(image, registry, name, tag="1"):
    """Pushes to REGISTRY (host:port); returns the reference to pull."""
    manifest = image.manifest()
    for digest, data in image.blobs.items():
        location = _request("POST", f"http://{registry}/v2/{name}/blobs/uploads/", b"")["Location"]
        if location.startswith("/"):
            location = f"http://{registry}{location}"
        separator = "&" if "?" in location else "?"
        _request("PUT", f"{location}{separator}digest={digest}", data)
    _request("PUT", f"http://{registry}/v2/{name}/manifests/{tag}", manifest, MANIFEST_TYPE)
    return f"{registry}/{name}:{tag}"


def write_archive(image, path, reference):
    """Writes an archive for `ctr images import`."""
    manifest = image.manifest()
    digest = image.add_blob(manifest)
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": MANIFEST_TYPE,
                "digest": digest,
                "size": len(manifest),
                "annotations": {"io.containerd.image.name": reference},
                "platform": {"os": "linux", "architecture": ARCHITECTURE},
            }
        ],
    }
    files = {f"blobs/sha256/{digest.removeprefix('sha256:')}": data for digest, data in image.blobs.items()}
    files["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
    files["index.json"] = json.dumps(index).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
