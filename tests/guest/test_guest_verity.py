# SPDX-License-Identifier: Apache-2.0
"""The kernel's verdict on hash trees: ours, damaged ones, and the three that nydus-image made.

The guest maps each image with dmsetup and reads all of it. The tool to test is NYDUS_TOOL.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import initramfs
import machine
import pytest
from conftest import unavailable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "python"))

import verity_lab  # noqa: E402
from verity_lab import Tree  # noqa: E402

MODULES = ("loop", "erofs", "dm_verity", "sha1_generic", "sha256_generic", "sha512_generic")
TREES = {
    "plain": Tree(data_blocks=300),
    "as-nydus-image": Tree(data_block_size=512, data_blocks=1044, superblock=False).behind_the_data(),
    "one-block": Tree(data_blocks=1),
    "one-hash-block": Tree(data_blocks=128),
    "one-over": Tree(data_blocks=129, superblock=False),
    "four-levels": Tree(data_block_size=1024, hash_block_size=512, salt="aabbcc", data_blocks=300),
    "sha1": Tree(algorithm="sha1", salt="00" * 256, data_blocks=40).behind_the_data(),
    "sha512": Tree(algorithm="sha512", data_block_size=4096, hash_block_size=1024, data_blocks=40),
    "hash-type-0": Tree(algorithm="sha1", hash_type=0, salt="7f", data_block_size=512, data_blocks=400),
    "superblock-behind-data": Tree(data_block_size=512, hash_block_size=512, data_blocks=99).behind_the_data(),
}
DAMAGED_BLOCK = 17

# Arguments: case, data, hashes, dmsetup's table. Nothing is removed: the guest ends anyway.
OPEN_AND_READ = """
export DM_DISABLE_UDEV=1
mkdir -p /mnt
try() {
  name=$1 data=$(losetup -f)
  losetup -r "$data" "/images/$2"
  hashes=$(losetup -f)
  losetup -r "$hashes" "/images/$3"
  dmesg -c >/dev/null
  echo "$4" | sed "s#DATA#$data#; s#HASHES#$hashes#" | dmsetup create --readonly "$name"
  echo "CASE $name open $?"
  # The kernel names ten bad blocks in five seconds and keeps silent of the rest: read no more than is asked for.
  blockdev --setra 0 "/dev/mapper/$name"
  dd if="/dev/mapper/$name" of=/tmp/read bs=4096 2>/tmp/error
  code=$?
  echo "CASE $name read $code"
  echo "CASE $name error $(sed -n 's/.*: //p;q' /tmp/error)"
  echo "CASE $name bytes $(wc -c </tmp/read)"
  echo "CASE $name sha256 $(sha256sum </tmp/read | cut -d ' ' -f 1)"
  [ $code = 0 ] && mount -t erofs -o ro "/dev/mapper/$name" /mnt 2>/dev/null && echo "CASE $name files $(ls /mnt | wc -l)" && umount /mnt
  dmesg | sed -n "s/^.*device-mapper: verity: .*: \\(.* is corrupted\\)/CASE $name kernel \\1/p" | head -n 1
}
"""


@dataclasses.dataclass
class Case:
    """An image for the guest, and the root hash that it is opened with."""

    tree: Tree
    data: bytes
    hashes: bytes | None
    root_hash: str


def formatted(tool, folder, tree):
    folder.mkdir()
    data, hashes = folder / "data", folder / ("hashes" if tree.own_file else "data")
    data.write_bytes(verity_lab.image_bytes(tree.data_bytes))
    root_hash = verity_lab.tool_format(tool, tree, data, hashes)
    return Case(tree, data.read_bytes(), hashes.read_bytes() if tree.own_file else None, root_hash)


def flipped(content, offset):
    return content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]


def make_cases(tool, folder):
    cases = {name: formatted(tool, folder / name, tree) for name, tree in TREES.items()}
    plain = cases["plain"]
    cases["wrong-root-hash"] = dataclasses.replace(plain, root_hash="0" * 64)
    cases["wrong-salt"] = formatted(tool, folder / "wrong-salt", TREES["one-over"])
    cases["wrong-salt"].tree = dataclasses.replace(TREES["one-over"], salt="ff")
    cases["damaged-data"] = dataclasses.replace(plain, data=flipped(plain.data, DAMAGED_BLOCK * 4096))
    cases["damaged-level-1"] = dataclasses.replace(plain, hashes=flipped(plain.hashes, 2 * 4096))
    cases["damaged-top"] = dataclasses.replace(plain, hashes=flipped(plain.hashes, 4096))
    for sample in verity_lab.samples():
        cases[f"sample-{sample.name}"] = Case(sample.tree, sample.content, None, sample.root_hash)
    return cases


def program_with_libraries(program):
    """{path in the guest: file}; a guest has nothing of its own that a dynamic program needs."""
    listing = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    files = {path: pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", listing)}
    return {f"/sbin/{pathlib.Path(program).name}": pathlib.Path(program), **files}


def build_guest(kernel_folder, busybox, cases, folder):
    files = program_with_libraries(shutil.which("dmsetup"))
    script = [OPEN_AND_READ]
    for name, case in cases.items():
        parts = {f"{name}.data": case.data}
        if case.hashes is not None:
            parts[f"{name}.hashes"] = case.hashes
        for part, content in parts.items():
            (folder / part).write_bytes(content)
            files[f"/images/{part}"] = folder / part
        data, hashes = f"{name}.data", f"{name}.{'data' if case.hashes is None else 'hashes'}"
        table = case.tree.kernel_table("DATA", "HASHES", case.root_hash)
        script.append(f"try {name} {data} {hashes} '{table}'\n")
    script.append("exit 0\n")
    return initramfs.build(kernel_folder, busybox, "".join(script), files=files, modules=MODULES)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    tool = os.environ.get("NYDUS_TOOL", "")
    if not os.access(tool, os.X_OK):
        unavailable("NYDUS_TOOL names no nydus-overlayctl")
    if not shutil.which("dmsetup"):
        unavailable("dmsetup is missing: it is in the package of that name")
    return make_cases(tool, tmp_path_factory.mktemp("verity-images"))


@pytest.fixture(scope="module")
def boots(downloads, cases, tmp_path_factory):
    finished = {}

    def boot(kernel):
        if kernel not in finished:
            folder = tmp_path_factory.mktemp(f"guest-verity-{kernel}-")
            kernel_folder = pathlib.Path(downloads[f"kernel-{kernel}"])
            image = build_guest(kernel_folder, pathlib.Path(downloads["busybox"]), cases, folder)
            (folder / "initramfs").write_bytes(image)
            vmlinuz = next(kernel_folder.glob("boot/vmlinuz-*"))
            finished[kernel] = machine.boot(vmlinuz, folder / "initramfs", folder / "console.log")
        return finished[kernel]

    return boot


@pytest.fixture
def report(boots, kernel):
    """A function from a case's name to what the guest said of it."""
    boot = boots(kernel)
    tail = "\n".join(boot.output.splitlines()[-15:])
    assert boot.release.startswith(f"{kernel}."), f"the guest did not start:\n{tail}"
    assert boot.exit_code == 0, f"the guest's script did not end:\n{tail}"
    return lambda name: {key: value for key, (value, *_) in boot.cases[name].items()}


def assert_all_read(said, case):
    data = case.data[: case.tree.data_bytes]
    assert (said["open"], said["read"], said["error"]) == ("0", "0", ""), said
    assert said["bytes"] == str(len(data))
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    assert "kernel" not in said


@pytest.mark.parametrize("name", TREES)
def test_kernel_accepts_our_trees(report, cases, name):
    assert_all_read(report(name), cases[name])


@pytest.mark.parametrize("sample", verity_lab.samples(), ids=lambda sample: sample.name)
def test_kernel_accepts_the_trees_of_nydus_image(report, cases, kernel, sample):
    said = report(f"sample-{sample.name}")
    assert_all_read(said, cases[f"sample-{sample.name}"])
    # Their EROFS has blocks of 512 bytes, which Linux takes since 6.4.
    assert ("files" in said) == (kernel == "6.12"), said


@pytest.mark.parametrize(
    "name, block",
    [
        ("wrong-root-hash", "metadata block 1 is corrupted"),
        ("wrong-salt", "metadata block 0 is corrupted"),
        ("damaged-top", "metadata block 1 is corrupted"),
        ("damaged-level-1", "metadata block 2 is corrupted"),
        ("damaged-data", f"data block {DAMAGED_BLOCK} is corrupted"),
    ],
)
def test_kernel_rejects_what_ours_rejects(report, name, block):
    said = report(name)
    assert (said["open"], said["read"], said["error"]) == ("0", "1", "Input/output error"), said
    assert said["kernel"] == block
