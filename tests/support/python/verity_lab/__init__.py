# SPDX-License-Identifier: Apache-2.0
"""Images with dm-verity trees: described once, made by veritysetup or by ours, and the three that nydus-image made."""

import dataclasses
import json
import lzma
import random
import re
import subprocess
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "verity"
UUID = "01234567-89ab-4def-8123-456789abcdef"
DIGEST_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}


def image_bytes(size):
    """The same every time, and no two blocks alike."""
    return random.Random(size).randbytes(size)


@dataclasses.dataclass(frozen=True)
class Tree:
    """One way to make a hash tree. The offset is where the hash area begins in its file."""

    algorithm: str = "sha256"
    data_block_size: int = 4096
    hash_block_size: int = 4096
    salt: str = ""
    superblock: bool = True
    own_file: bool = True
    data_blocks: int = 1
    hash_type: int = 1
    offset: int = 0

    def __str__(self):
        place = "own" if self.own_file else "same"
        header = "superblock" if self.superblock else "bare"
        salt = f"salt{len(self.salt) // 2}"
        sizes = f"{self.data_block_size}/{self.hash_block_size}"
        return f"{self.algorithm}-{sizes}-{salt}-{header}-{place}-{self.data_blocks}-type{self.hash_type}"

    @property
    def data_bytes(self):
        return self.data_blocks * self.data_block_size

    @property
    def digests_per_block(self):
        return 1 << ((self.hash_block_size // DIGEST_BYTES[self.algorithm]).bit_length() - 1)

    @property
    def tree_begin(self):
        header = 512 if self.superblock else 0
        return -(-(self.offset + header) // self.hash_block_size) * self.hash_block_size

    def kernel_table(self, data, hashes, root_hash):
        """One line for dmsetup: Documentation/admin-guide/device-mapper/verity.rst of the kernel."""
        return " ".join(
            str(word)
            for word in (
                *(0, self.data_bytes // 512, "verity", self.hash_type, data, hashes),
                *(self.data_block_size, self.hash_block_size, self.data_blocks),
                *(self.tree_begin // self.hash_block_size, self.algorithm, root_hash, self.salt or "-"),
            )
        )

    def behind_the_data(self):
        """The same with its offset at the next hash block behind the data."""
        offset = -(-self.data_bytes // self.hash_block_size) * self.hash_block_size
        return dataclasses.replace(self, own_file=False, offset=offset)

    def flags(self, verifying=False):
        """For veritysetup and for ours: they bear the same names."""
        described = [
            f"--format={self.hash_type}",
            f"--hash={self.algorithm}",
            f"--data-block-size={self.data_block_size}",
            f"--hash-block-size={self.hash_block_size}",
            f"--data-blocks={self.data_blocks}",
            f"--salt={self.salt or '-'}",
        ]
        where = [f"--hash-offset={self.offset}"]
        if not self.superblock:
            return [*described, *where, "--no-superblock"]
        return where if verifying else [*described, *where, f"--uuid={UUID}"]


def run(*command):
    return subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def veritysetup_format(tree, data, hashes):
    """The root hash."""
    done = run("veritysetup", "format", *tree.flags(), data, hashes)
    assert done.returncode == 0, done
    return re.search(r"^Root hash:\s+([0-9a-f]+)$", done.stdout, re.MULTILINE).group(1)


def tool_format(tool, tree, data, hashes):
    done = run(tool, "verity", "format", "--json", *tree.flags(), data, hashes)
    assert done.returncode == 0, done
    return json.loads(done.stdout)["root_hash"]


def veritysetup_verify(tree, data, hashes, root_hash):
    return run("veritysetup", "verify", *tree.flags(verifying=True), data, hashes, root_hash)


def tool_verify(tool, tree, data, hashes, root_hash, *flags):
    return run(tool, "verity", "verify", *flags, *tree.flags(verifying=True), data, hashes, root_hash)


@dataclasses.dataclass(frozen=True)
class Sample:
    """A disk that `nydus-image export --block --verity` of nydus 2.4 made, and what its payload says."""

    name: str
    content: bytes
    root_hash: str
    tree: Tree


def samples():
    for description in sorted(SAMPLES.glob("*.json")):
        volume = json.loads(description.read_text())
        verity = volume["dm_verity"]
        tree = Tree(
            algorithm=verity["hashtype"],
            data_block_size=verity["blocksize"],
            hash_block_size=verity["hashsize"],
            superblock=False,
            own_file=False,
            data_blocks=verity["blocknum"],
            offset=verity["offset"],
        )
        content = lzma.decompress(description.with_suffix(".disk.xz").read_bytes())
        yield Sample(description.stem, content, verity["hash"], tree)
