# SPDX-License-Identifier: Apache-2.0
"""Hash trees are veritysetup's, bit for bit, and both reject the same damage."""

import dataclasses
import itertools
import tempfile
from pathlib import Path

import pytest
import verity_lab
from verity_lab import Tree

ALGORITHMS = ("sha1", "sha256", "sha512")
BLOCK_SIZES = tuple(itertools.product((512, 1024, 2048, 4096), repeat=2))
SALTS = ("", "7f", "00112233445566778899aabbccddeeff" * 2, "a5" * 256)
PLACES = ("own", "same", "own-bare", "same-bare", "same-gap", "own-offset")
COUNTS = ("one", "one-hash-block", "one-over", "three-levels")
MOST_DATA = 6 * 1024 * 1024


def placed(tree, place):
    tree = dataclasses.replace(tree, superblock="bare" not in place)
    if place.startswith("same"):
        tree = tree.behind_the_data()
        gap = 3 * tree.hash_block_size if place == "same-gap" else 0
        return dataclasses.replace(tree, offset=tree.offset + gap)
    return dataclasses.replace(tree, offset=8192 if place == "own-offset" else 0)


def counted(tree, count):
    in_one = tree.digests_per_block
    blocks = {"one": 1, "one-hash-block": in_one, "one-over": in_one + 1, "three-levels": in_one**2 + 1}[count]
    return dataclasses.replace(tree, data_blocks=min(blocks, MOST_DATA // tree.data_block_size))


def matrix():
    """Every algorithm, pair of block sizes and count; salts and places take turns, so that each pair of values meets."""
    turns = itertools.cycle(itertools.product(SALTS, PLACES))
    trees = []
    for algorithm, count, (data, hashes) in itertools.product(ALGORITHMS, COUNTS, BLOCK_SIZES):
        salt, place = next(turns)
        tree = Tree(algorithm=algorithm, data_block_size=data, hash_block_size=hashes, salt=salt)
        trees.append(placed(counted(tree, count), place))
    for salt, place, count, hash_type in itertools.product(SALTS, PLACES, COUNTS, (0, 1)):
        tree = Tree(data_block_size=512, hash_block_size=1024, salt=salt, hash_type=hash_type)
        trees.append(placed(counted(tree, count), place))
    for algorithm, (data, hashes) in itertools.product(ALGORITHMS, BLOCK_SIZES):
        tree = Tree(algorithm=algorithm, data_block_size=data, hash_block_size=hashes, salt=SALTS[1], hash_type=0)
        trees.append(placed(counted(tree, "one-over"), "own"))
    return list(dict.fromkeys(trees))


@pytest.fixture
def folder():
    """In memory: ours calls fsync(2)."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="verity-") as name:
        yield Path(name)


def prepare(tree, folder, who):
    """The data and the path of the hashes, for one of the two programs."""
    own = folder / who
    own.mkdir()
    data = own / "data"
    data.write_bytes(verity_lab.image_bytes(tree.data_bytes))
    if not tree.own_file:
        return data, data
    hashes = own / "hashes"
    if tree.offset:
        hashes.write_bytes(b"something else that stays\n")
    return data, hashes


def test_the_matrix_covers_every_pair():
    values = [dataclasses.asdict(tree) for tree in matrix()]
    for first, second in itertools.combinations(("algorithm", "salt", "superblock", "own_file", "hash_block_size"), 2):
        wanted = set(itertools.product({v[first] for v in values}, {v[second] for v in values}))
        assert {(v[first], v[second]) for v in values} == wanted, (first, second)


@pytest.mark.parametrize("tree", matrix(), ids=str)
def test_same_files_and_each_accepts_the_other(tool, folder, tree):
    theirs = prepare(tree, folder, "theirs")
    ours = prepare(tree, folder, "ours")
    root_hash = verity_lab.veritysetup_format(tree, *theirs)
    assert verity_lab.tool_format(tool, tree, *ours) == root_hash
    for their_file, our_file in zip(theirs, ours, strict=True):
        assert our_file.read_bytes() == their_file.read_bytes(), our_file.name

    accepted = verity_lab.tool_verify(tool, tree, *theirs, root_hash)
    assert (accepted.returncode, accepted.stderr) == (0, ""), accepted
    assert accepted.stdout.startswith(f"{theirs[0]}: intact\n")
    accepted = verity_lab.veritysetup_verify(tree, *ours, root_hash)
    assert accepted.returncode == 0, accepted


# Level 3 is the top of `DAMAGED`; where in the hash area each level begins is counted by hand.
DAMAGED = Tree(data_block_size=1024, hash_block_size=512, salt="aabb", data_blocks=300)
DAMAGES = {
    "first-data-block": ("data", 5, 3, "data block 0 is bad"),
    "middle-data-block": ("data", 150 * 1024 + 1023, 3, "data block 150 is bad"),
    "last-data-block": ("data", 300 * 1024 - 1, 3, "data block 299 is bad"),
    "top": ("hashes", 512, 3, "hash block 0 of level 3"),
    "level-2": ("hashes", 512 + 2 * 512 + 31, 3, "hash block 1 of level 2 is bad"),
    "level-1": ("hashes", 512 + 3 * 512 + 18 * 512, 3, "hash block 18 of level 1 is bad"),
    "signature": ("hashes", 0, 1, "superblock: signature"),
    "version": ("hashes", 8, 1, "superblock: version: 0"),
    "hash-type": ("hashes", 13, 1, "superblock: hash type: 257"),
    "algorithm": ("hashes", 32, 1, "superblock: algorithm: 'rha256'"),
    "data-block-size": ("hashes", 64, 1, "superblock: data block size: 1025"),
    "hash-block-size": ("hashes", 70, 1, "superblock: hash block size: 66048"),
    "data-blocks": ("hashes", 79, 1, "data blocks: its end is above 2^63 - 1"),
    "fewer-data-blocks": ("hashes", 73, 3, "hash block 2 of level 1 is bad"),
    "salt-size": ("hashes", 80, 3, "none of its digests fits"),
    "salt": ("hashes", 88, 3, "none of its digests fits"),
}


@pytest.fixture
def intact(tool, folder):
    data, hashes = prepare(DAMAGED, folder, "damaged")
    return data, hashes, verity_lab.tool_format(tool, DAMAGED, data, hashes)


def flip_bit(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def assert_both_reject(tool, data, hashes, root_hash, exit_code, message):
    theirs = verity_lab.veritysetup_verify(DAMAGED, data, hashes, root_hash)
    assert theirs.returncode != 0
    ours = verity_lab.tool_verify(tool, DAMAGED, data, hashes, root_hash)
    assert ours.returncode == exit_code, ours
    said = ours.stdout if exit_code == 3 else ours.stderr
    first, *oddities = said.splitlines()
    assert message in first
    assert all(line.startswith("odd: ") for line in oddities)
    assert (ours.stderr if exit_code == 3 else ours.stdout) == ""


@pytest.mark.parametrize("name", DAMAGES)
def test_both_reject_a_flipped_bit(tool, intact, name):
    data, hashes, root_hash = intact
    file, offset, exit_code, message = DAMAGES[name]
    flip_bit({"data": data, "hashes": hashes}[file], offset)
    assert_both_reject(tool, data, hashes, root_hash, exit_code, message)


@pytest.mark.parametrize("digit", [0, 63])
def test_both_reject_another_root_hash(tool, intact, digit):
    data, hashes, root_hash = intact
    wrong = root_hash[:digit] + ("1" if root_hash[digit] != "1" else "2") + root_hash[digit + 1 :]
    assert_both_reject(tool, data, hashes, wrong, 3, "another image's root hash")


@pytest.mark.parametrize("file", ["data", "hashes"])
@pytest.mark.parametrize("kept", [0, 600, -1])
def test_both_reject_a_file_that_is_cut_off(tool, intact, file, kept):
    data, hashes, root_hash = intact
    path = {"data": data, "hashes": hashes}[file]
    path.write_bytes(path.read_bytes()[:kept])
    message = {"data": "data blocks: 300 of 1024 bytes", "hashes": "hash tree: ends at"}[file]
    if (file, kept) == ("hashes", 0):
        message = "hash offset: no superblock fits"
    assert_both_reject(tool, data, hashes, root_hash, 1, message)


@pytest.mark.parametrize("sample", verity_lab.samples(), ids=lambda sample: sample.name)
def test_what_nydus_image_made_is_intact_and_odd(tool, folder, sample):
    """It fills unused slots with the digest of an empty block, where the format has zeros."""
    image = folder / "disk"
    image.write_bytes(sample.content)
    theirs = verity_lab.veritysetup_verify(sample.tree, image, image, sample.root_hash)
    assert theirs.returncode != 0
    assert "Spare area is not zeroed" in theirs.stderr
    ours = verity_lab.tool_verify(tool, sample.tree, image, image, sample.root_hash)
    assert (ours.returncode, ours.stderr) == (0, ""), ours
    assert ours.stdout.startswith(f"{image}: intact\n")
    assert ours.stdout.splitlines()[-1].startswith(
        "odd: unused bytes are not zero in 2 hash blocks, first in hash block 0 of level 2"
    )


@pytest.mark.parametrize("sample", verity_lab.samples(), ids=lambda sample: sample.name)
def test_what_nydus_image_made_differs_in_unused_slots_alone(tool, folder, sample):
    tree = sample.tree
    image = folder / "disk"
    image.write_bytes(sample.content[: tree.offset])
    verity_lab.tool_format(tool, tree, image, image)
    ours = image.read_bytes()
    assert len(ours) == len(sample.content)
    empty_slot = bytes(32)
    filler = bytes.fromhex("ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7")
    top = range(tree.offset, tree.offset + tree.hash_block_size, 32)
    for at in range(tree.offset, len(ours), 32):
        if ours[at : at + 32] == empty_slot:
            assert sample.content[at : at + 32] == filler
        elif at not in top:
            assert sample.content[at : at + 32] == ours[at : at + 32]
