# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl verity` on what unit tests cannot make: devices, bad sectors, full disks, signals, terminals."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest
import verity_lab
from verity_lab import Tree

SCHEMAS = Path(__file__).resolve().parents[2] / "packaging" / "schema"
TREE = Tree(data_block_size=1024, hash_block_size=1024, salt="aa55", data_blocks=3000)
ROOT_HASH = "6e677be768d19eb39382359b1d35ea6b33dba6de95e7c4f6891d3bd29a756b5f"
LABEL = f"2068,1060864,sha256:{ROOT_HASH}"
OPTIONS = (
    'dm-verity options: --no-superblock --format=1 -s "" --hash=sha256 --data-block-size=512 --hash-block-size=4096 '
    f"--data-blocks 2068 --hash-offset 1060864 {ROOT_HASH}"
)
JSON = json.dumps(
    {"hashtype": "sha256", "hash": ROOT_HASH, "blocknum": 2068, "blocksize": 512, "hashsize": 4096, "offset": 1060864}
)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image"
    path.write_bytes(verity_lab.image_bytes(TREE.data_bytes))
    return path


@contextlib.contextmanager
def loop_device(path, *flags):
    device = verity_lab.run("losetup", "--find", "--show", *flags, path).stdout.strip()
    assert device.startswith("/dev/loop"), "no loop device"
    try:
        yield Path(device)
    finally:
        verity_lab.run("losetup", "--detach", device)


@contextlib.contextmanager
def mounted(folder, *arguments):
    folder.mkdir()
    subprocess.run(["mount", *arguments, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fails(done, exit_code, message):
    assert (done.returncode, done.stdout) == (exit_code, ""), done
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_block_devices_serve_as_files_do(root, tool, image, tmp_path):
    hashes = tmp_path / "hashes"
    hashes.write_bytes(b"\xff" * 2**20)
    with loop_device(image, "--read-only") as data_device, loop_device(hashes) as hash_device:
        root_hash = verity_lab.tool_format(tool, TREE, data_device, hash_device)
        accepted = verity_lab.tool_verify(tool, TREE, data_device, hash_device, root_hash)
        assert (accepted.returncode, accepted.stderr) == (0, "")
        assert "bytes lie behind the tree" in accepted.stdout
        assert verity_lab.veritysetup_verify(TREE, data_device, hash_device, root_hash).returncode == 0


def test_device_in_use_is_not_written(root, tool, image, tmp_path):
    disk = tmp_path / "disk"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", disk, "8M"], check=True)
    with loop_device(disk) as device:
        with mounted(tmp_path / "mounted", device):
            fails(verity_lab.run(tool, "verity", "format", *TREE.flags(), image, device), 2, "(it is in use: mounted")
        assert subprocess.run(["e2fsck", "-fn", device], check=False, capture_output=True).returncode == 0


def test_hash_file_that_is_a_mount_point_stays(root, tool, image, tmp_path):
    hashes = tmp_path / "hashes"
    hashes.write_bytes(b"")
    subprocess.run(["mount", "--bind", hashes, hashes], check=True)
    try:
        fails(verity_lab.run(tool, "verity", "format", image, hashes), 2, f"{hashes}: Device or resource busy (it is a")
    finally:
        subprocess.run(["umount", hashes], check=True)
    assert (sorted(path.name for path in tmp_path.iterdir()), hashes.read_bytes()) == (["hashes", "image"], b"")


def test_loop_device_and_its_backing_file_are_told(root, tool, image):
    before = image.read_bytes()
    with loop_device(image) as device, loop_device(image) as other:
        for pair in ((image, device), (device, image), (device, other)):
            fails(verity_lab.run(tool, "verity", "format", *TREE.flags(), *pair), 1, f"{pair[1]}: is a loop device of")
    assert image.read_bytes() == before


def test_loop_devices_of_two_parts_of_a_file_are_two_files(root, tool, image):
    os.truncate(image, TREE.data_bytes + 2**20)
    size = ("--sizelimit", TREE.data_bytes)
    with loop_device(image, *size) as data, loop_device(image, "--offset", TREE.data_bytes) as hashes:
        root_hash = verity_lab.tool_format(tool, TREE, data, hashes)
        assert verity_lab.tool_verify(tool, TREE, data, hashes, root_hash).returncode == 0


def test_device_that_is_too_small_is_not_written(root, tool, image, tmp_path):
    hashes = tmp_path / "hashes"
    hashes.write_bytes(b"\xff" * 4096)
    with loop_device(hashes) as device:
        fails(verity_lab.run(tool, "verity", "format", *TREE.flags(), image, device), 1, "the device at 4096")
    assert hashes.read_bytes() == b"\xff" * 4096


@pytest.fixture
def bad_sectors(root, tmp_path):
    """A folder in a file system whose device ends in its middle: reading what lies behind gives EIO."""
    device_file = tmp_path / "device"
    content = tmp_path / "content"
    content.mkdir()
    (content / "image").write_bytes(verity_lab.image_bytes(16 * 2**20))
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", content, device_file, "32M"], check=True
    )
    with loop_device(device_file) as device, mounted(tmp_path / "mounted", "-o", "ro", device) as folder:
        os.truncate(device_file, 12 * 2**20)
        yield folder


def test_unreadable_data_is_named_by_verify(tool, bad_sectors, tmp_path):
    tree = Tree(data_blocks=4096)
    whole = tmp_path / "content" / "image"
    root_hash = verity_lab.tool_format(tool, tree, whole, tmp_path / "hashes")
    done = verity_lab.tool_verify(tool, tree, bad_sectors / "image", tmp_path / "hashes", root_hash)
    fails(done, 2, "cannot be read: Input/output error")
    assert "/image: data block " in done.stderr


def test_unreadable_data_leaves_no_hash_file(tool, bad_sectors, tmp_path):
    done = verity_lab.run(tool, "verity", "format", bad_sectors / "image", tmp_path / "hashes")
    fails(done, 2, "cannot be read: Input/output error")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["content", "device", "mounted"]


def test_full_disk_leaves_no_hash_file(root, tool, image, tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=64k", "tmpfs") as small:
        done = verity_lab.run(tool, "verity", "format", *TREE.flags(), image, small / "hashes")
        fails(done, 2, f"{small}/hashes: write: No space left on device")
        assert list(small.iterdir()) == []


def test_full_disk_leaves_the_image_alone(root, tool, image, tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", f"size={TREE.data_bytes + 2**16}", "tmpfs") as small:
        (small / "image").write_bytes(image.read_bytes())
        done = verity_lab.run(tool, "verity", "format", *TREE.behind_the_data().flags(), small / "image")
        fails(done, 2, "No space left on device")
        assert (small / "image").read_bytes() == image.read_bytes()


def test_empty_name_of_a_hash_file_leaves_the_image_alone(tool, image):
    before = image.read_bytes()
    fails(verity_lab.run(tool, "verity", "format", image, ""), 1, "the name of a file is empty")
    assert image.read_bytes() == before


ENDING_SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def heed_signals():
    """Whoever runs the tests may ignore some, as nohup does, and the tool would too."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def long_format(folder, *program):
    """A child that makes a tree of a large image, and has begun."""
    with (folder / "image").open("wb") as sparse:
        sparse.truncate(64 * 2**30)
    child = subprocess.Popen(
        [*program, "verity", "format", folder / "image", folder / "hashes"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,
    )
    until = time.monotonic() + 20
    while len(list(folder.iterdir())) == 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(list(folder.iterdir())) == 2, "it never began"
    return child


def assert_interrupted(child, folder):
    _, said = child.communicate(timeout=20)
    assert (child.returncode, said) == (2, "nydus-overlayctl: interrupted\n")
    assert [path.name for path in folder.iterdir()] == ["image"]


def signal_set(status, field, name):
    """Whether one of the sets of signals in proc(5)'s status has SIG`name`."""
    (line,) = (line for line in status.splitlines() if line.startswith(f"{field}:"))
    return bool(int(line.split()[1], 16) >> (getattr(signal, f"SIG{name}") - 1) & 1)


def test_second_format_of_an_image_is_refused(tool, image):
    os.truncate(image, 4096 * 700)
    assert verity_lab.run(tool, "verity", "format", image).returncode == 0
    before = image.read_bytes()
    second = verity_lab.run(tool, "verity", "format", image)
    fails(second, 1, f"{image}: has a hash tree already (cut it off at 2867200")
    assert image.read_bytes() == before


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_signal_leaves_nothing(tool, tmp_path, number):
    child = long_format(tmp_path, tool)
    child.send_signal(number)
    assert_interrupted(child, tmp_path)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_ignored_signal_does_not_end_the_work(tool, tmp_path, name):
    ender = "TERM" if name == "INT" else "INT"
    child = long_format(tmp_path, "/bin/sh", "-c", f'trap "" {name}; exec "$@"', "sh", tool)
    # All signals are blocked for the moment in which a thread starts.
    until = time.monotonic() + 20
    while signal_set(status := Path(f"/proc/{child.pid}/status").read_text(), "SigBlk", name):
        assert time.monotonic() < until, "it is blocked"
        time.sleep(0.01)
    assert signal_set(status, "SigIgn", name)
    assert signal_set(status, "SigBlk", ender)
    child.send_signal(getattr(signal, f"SIG{name}"))
    child.send_signal(getattr(signal, f"SIG{ender}"))
    assert_interrupted(child, tmp_path)


def test_closed_output_leaves_the_image_alone(tool, image):
    before = image.read_bytes()
    arguments = [tool, "verity", "format", *TREE.behind_the_data().flags(), image]
    done = verity_lab.run("/bin/sh", "-c", 'exec "$@" >&-', "sh", *arguments)
    fails(done, 2, "standard output, for the root hash: Bad file descriptor")
    assert image.read_bytes() == before


def test_limit_of_the_file_size_leaves_nothing(tool, image, tmp_path):
    command = 'ulimit -f 1; exec "$@"'
    arguments = [tool, "verity", "format", *TREE.flags(), image, tmp_path / "hashes"]
    fails(verity_lab.run("/bin/sh", "-c", command, "sh", *arguments), 2, f"{tmp_path}/hashes: File too large")
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_progress_is_for_terminals(tool, tmp_path):
    with (tmp_path / "image").open("wb") as sparse:
        sparse.truncate(2**28)
    ours, theirs = pty.openpty()
    done = subprocess.run([tool, "verity", "format", tmp_path / "image", tmp_path / "hashes"], stderr=theirs, check=True)
    os.close(theirs)
    seen = os.read(ours, 2**16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert " % of 270 MB" in seen
    assert seen.endswith("\r\x1b[K")


def checked(verb, done):
    assert done.returncode in (0, 3), done
    output = json.loads(done.stdout)
    jsonschema.validate(output, json.loads((SCHEMAS / f"verity-{verb}.schema.json").read_text()))
    return output


def test_json_follows_its_schemas(tool, image, tmp_path):
    hashes = tmp_path / "hashes"
    formatted = checked("format", verity_lab.run(tool, "verity", "format", "--json", *TREE.flags(), image, hashes))
    assert formatted["verity"]["tree_begin"] == TREE.tree_begin
    assert formatted["verity"]["uuid"] == verity_lab.UUID
    dumped = checked("dump", verity_lab.run(tool, "verity", "dump", "--json", hashes))
    assert dumped["verity"] == formatted["verity"]
    verdict = checked("verify", verity_lab.tool_verify(tool, TREE, image, hashes, formatted["root_hash"], "--json"))
    assert (verdict["intact"], verdict["first_bad"], verdict["oddities"]) == (True, None, [])
    verdict = checked("verify", verity_lab.tool_verify(tool, TREE, image, hashes, "00" * 32, "--json"))
    assert (verdict["intact"], verdict["first_bad"]["level"], verdict["first_bad"]["block"]) == (False, 3, 0)


def parse(tool, text, *flags):
    return subprocess.run(
        [tool, "verity", "parse", *flags], input=text, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("text, form", [(LABEL, "label"), (OPTIONS, "options line"), (JSON, "JSON")])
def test_parse_reads_each_form(tool, text, form):
    parsed = checked("parse", parse(tool, f"{text}\n", "--json"))
    assert parsed["form"] == form
    assert (parsed["root_hash"], parsed["data_blocks"], parsed["hash_offset"]) == (ROOT_HASH, 2068, 1060864)
    assert (parsed["data_block_size"], parsed["hash_block_size"], parsed["salt"]) == (512, 4096, "")
    assert parsed["no_superblock"] == (form != "JSON")
    assert parsed["label"] == LABEL
    assert parsed["refused_by_device_mapper"] is None


def test_parse_of_json_gives_the_flags_of_verify_with_a_superblock(tool, image):
    tree = Tree(data_block_size=1024, hash_block_size=1024, salt="", data_blocks=3000).behind_the_data()
    root_hash = verity_lab.tool_format(tool, tree, image, image)
    block = {"hashtype": "sha256", "hash": root_hash, "blocknum": 3000, "blocksize": 1024, "hashsize": 1024}
    text = json.dumps(block | {"offset": tree.offset})
    *flags, last = checked("parse", parse(tool, text, "--json"))["options"].split()
    assert last == root_hash
    assert "--no-superblock" not in flags
    assert verity_lab.run(tool, "verity", "verify", *flags, image, root_hash).returncode == 0


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--salt=", "--salt: is -, the superblock says aa55"),
        ("--salt=aa", "--salt: is aa, the superblock says aa55"),
        ("--hash=sha1", "--hash: is sha1, the superblock says sha256"),
        ("--format=0", "--format: is 0, the superblock says 1"),
        ("--data-blocks=2999", "--data-blocks: is 2999, the superblock says 3000"),
        ("--data-block-size=512", "--data-block-size: is 512, the superblock says 1024"),
        ("--hash-block-size=4096", "--hash-block-size: is 4096, the superblock says 1024"),
    ],
)
def test_flag_that_contradicts_the_superblock_is_refused(tool, image, tmp_path, flag, message):
    root_hash = verity_lab.tool_format(tool, TREE, image, tmp_path / "hashes")
    fails(verity_lab.run(tool, "verity", "verify", flag, image, tmp_path / "hashes", root_hash), 1, message)


def test_parse_gives_the_flags_of_verify(tool, tmp_path):
    (sample,) = (sample for sample in verity_lab.samples() if sample.name.startswith("image"))
    (tmp_path / "disk").write_bytes(sample.content)
    *flags, root_hash = checked("parse", parse(tool, OPTIONS, "--json"))["options"].split()
    assert root_hash == sample.root_hash
    assert verity_lab.run(tool, "verity", "verify", *flags, tmp_path / "disk", root_hash).returncode == 0


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "label: "),
        ("2068,1060864", "label: "),
        ("{}", "JSON: hashtype: "),
        (JSON.replace("2068", "-1"), "JSON: blocknum: "),
        (OPTIONS.replace("2068", "many"), "options line: --data-blocks: 'many' is no number"),
        (OPTIONS.replace("--format=1", "--fec"), "options line: '--fec' is none of its flags"),
        (OPTIONS.replace(ROOT_HASH, ""), "options line: there is no root hash"),
        (f"{OPTIONS} {ROOT_HASH}", "options line: there is more than one root hash"),
        (f"{OPTIONS} --salt", "options line: --salt: has no value"),
        (OPTIONS.replace("sha256", "md5"), "options line: hashtype: "),
        (OPTIONS.replace("1060864", "1060865"), "options line: offset: "),
    ],
)
def test_parse_names_what_is_wrong(tool, text, message):
    done = parse(tool, text)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["format"], "wants an image"),
        (["format", "a", "b", "c"], "wants an image"),
        (["format", "a", ""], "the name of a file is empty"),
        (["verify", "--hash-offset=512", "a", "", "00"], "the name of a file is empty"),
        (["format", "--salt=0", "a"], "--salt: '0' is no pairs of hexadecimal digits"),
        (["format", "--hash=md5", "a"], "--hash: 'md5' is not sha1, sha256 or sha512"),
        (["format", "--uuid=1", "a"], "--uuid: '1' is no UUID"),
        (["format", f"--uuid={verity_lab.UUID}", "--no-superblock", "a"], "contradict each other"),
        (["format", "--data-block-size=513", "/etc/passwd"], "data block size: 513"),
        (["verify", "a"], "verity verify wants an image"),
        (["verify", "a", "xyz"], "root hash: 'xyz' is no pairs of hexadecimal digits"),
        (["verify", "a", "00"], "--hash-offset is needed"),
        (["verify", "--no-superblock", "a", "00"], "--data-blocks is needed"),
        (["dump"], "wants one file"),
    ],
)
def test_command_line_is_checked(tool, arguments, message):
    fails(verity_lab.run(tool, "verity", *arguments), 1, message)
