# SPDX-License-Identifier: Apache-2.0
"""The archive for nodes without a package manager: what it holds, links and needs, and that it works when installed."""

import hashlib
import os
import re
import stat
import subprocess
import tarfile

import pytest
from binary_lab import Binary, hardening_differences, privileges
from package_lab.artefacts import TREE, NotBuilt, artefact
from package_lab.fresh_root import FreshRoot
from package_lab.sample_mount import SampleMount

HELPER = "sbin/mount.fuse.nydus-overlayfs"
ALIAS = "sbin/nydus-overlayfs"
TOOL = "bin/nydus-overlayctl"
DOCUMENTS = "share/doc/nydus-overlayfs"
MAN_PAGES = {
    "man1/nydus-overlayctl.1",
    "man5/nydus-overlayfs-config.5",
    "man5/nydus-overlayfs-payload.5",
    "man8/mount.fuse.nydus-overlayfs.8",
    "man8/nydus-overlayfs.8",
}
MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}
EMULATOR = "qemu-aarch64-static"


def archive_of(architecture):
    try:
        return artefact("archive", "nydus-overlayfs-", f"-linux-{architecture}.tar.gz")
    except NotBuilt as reason:
        if architecture == "aarch64" and "release" not in os.environ.get("NYDUS_REQUIRE", "").split(","):
            pytest.skip("release: packaging/release builds the archive for aarch64")
        return pytest.fail(str(reason), pytrace=False)


@pytest.fixture(params=MACHINES, scope="module")
def archive(request):
    return archive_of(request.param)


@pytest.fixture(scope="module")
def architecture(archive):
    return re.search(r"-linux-(.*)\.tar\.gz$", archive.name)[1]


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    [top] = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def members(archive):
    with tarfile.open(archive) as files:
        return files.getmembers()


@pytest.fixture(params=("debian12", "debian13"))
def node(request):
    with FreshRoot(request.param, "node") as root:
        yield root


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def sums(text):
    return {name: checksum for checksum, name in (line.split(maxsplit=1) for line in text.splitlines())}


def test_checksum_beside_it_is_right(archive):
    assert sums(archive.with_name(archive.name + ".sha256").read_text()) == {archive.name: digest(archive)}


def test_unpacks_into_a_folder_of_its_name(archive, members):
    assert {member.name.partition("/")[0] for member in members} == {archive.name.removesuffix(".tar.gz")}


def test_holds_all_that_a_node_needs(unpacked):
    node_files = {path for path in files_below(TREE / "packaging" / "node")}
    scripts = {path.name for path in (TREE / "packaging" / "archive").glob("*.sh")}
    schemas = {path.name for path in (TREE / "packaging" / "schema").glob("*.schema.json")}
    assert files_below(unpacked) == {
        *("README", "LICENSE", "SHA256SUMS", HELPER, ALIAS, TOOL, *scripts),
        *(f"{DOCUMENTS}/{name}" for name in ("CHANGELOG.md", "SECURITY.md", "THIRD-PARTY.gz", "config.toml")),
        *(f"share/man/{page}" for page in MAN_PAGES),
        "share/bash-completion/completions/nydus-overlayctl",
        *(f"share/nydus-overlayfs/schema/{name}" for name in schemas),
        *(f"share/nydus-overlayfs/node/{name}" for name in node_files),
    }


def test_own_checksums_cover_every_file(unpacked):
    told = sums((unpacked / "SHA256SUMS").read_text())
    assert told == {name: digest(unpacked / name) for name in files_below(unpacked) - {"SHA256SUMS", ALIAS}}


def test_members_belong_to_root_are_of_one_time_and_sorted(members):
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert len({member.mtime for member in members}) == 1


def test_members_have_ordinary_modes(members):
    for member in members:
        executable = member.isdir() or re.search(r"/(s?bin/[^/]+|install[^/]*)$", member.name)
        assert member.issym() or stat.S_IMODE(member.mode) == (0o755 if executable else 0o644), member.name


def test_the_only_link_is_the_helpers_other_name(members, archive):
    links = {member.name: member.linkname for member in members if not (member.isfile() or member.isdir())}
    assert links == {f"{archive.name.removesuffix('.tar.gz')}/{ALIAS}": "mount.fuse.nydus-overlayfs"}


def test_programs_are_for_the_machine_of_the_name(unpacked, architecture):
    for program in (HELPER, TOOL):
        assert MACHINES[architecture] in Binary(unpacked / program).header


def test_helper_links_nothing(unpacked):
    helper = Binary(unpacked / HELPER)
    assert helper.needed() == set()
    assert "INTERP" not in helper.segments


def test_tool_links_libmount_and_libc_alone(unpacked):
    libraries = {name for name in Binary(unpacked / TOOL).needed() if not name.startswith("ld-linux-")}
    assert libraries == {"libmount.so.1", "libc.so.6"}


def test_programs_are_hardened_as_the_table_says(unpacked, architecture):
    tool = unpacked / TOOL
    # Debian 12 builds libcrypto and libc's start files for 64-bit Arm without it, and one object takes it from all.
    lost = [f"{tool}: control-flow protection: missing"] if architecture == "aarch64" else []
    assert hardening_differences(unpacked / HELPER, "musl") == []
    assert hardening_differences(tool, "tool") == lost


def test_nothing_has_privileges(unpacked):
    assert privileges(unpacked) == []


def test_programs_name_no_folder_of_the_build(unpacked):
    for program in (HELPER, TOOL):
        content = (unpacked / program).read_bytes()
        for folder in (str(TREE), "/tmp/tmp.", "sysroot-"):
            assert folder.encode() not in content, (program, folder)


def test_readme_says_which_libraries_the_tool_needs(unpacked):
    told = subprocess.run(["readelf", "-VW", unpacked / TOOL], check=True, stdout=subprocess.PIPE, text=True).stdout
    text = " ".join((unpacked / "README").read_text().split())
    for library, sentence in (("GLIBC", "glibc {} or newer"), ("MOUNT", "libmount (util-linux) {} or newer")):
        versions = [tuple(map(int, found.split("."))) for found in re.findall(rf"{library}_([0-9.]+)", told)]
        assert sentence.format(".".join(map(str, max(versions)))) in text
    assert "@" not in text


def test_licences_of_others_are_there(unpacked):
    command = ["gzip", "-dc", unpacked / DOCUMENTS / "THIRD-PARTY.gz"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for package in ("musl-dev", "libc++-19-dev", "nlohmann-json3-dev", "libssl-dev", "libgflags-dev", "libboost1.74-dev"):
        assert f"==== {package} " in text


def test_helper_is_the_same_when_built_elsewhere(tmp_path):
    """packaging/release compares whole artefacts of two builds; this is its cheap form."""
    source = subprocess.run(
        [TREE / "packaging" / "source-archive", tmp_path], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    subprocess.run(["tar", "-xzf", source, "-C", tmp_path], check=True)
    [tree] = [path for path in tmp_path.iterdir() if path.is_dir()]
    environment = os.environ | {"CCACHE_DISABLE": "1", "TZ": "Asia/Kathmandu"}
    build, stripped = tmp_path / "another" / "folder", tmp_path / "stripped"
    for command in (
        ["cmake", "--preset", "musl", "-B", build],
        ["cmake", "--build", build],
        ["strip", "-o", stripped, build / "mount_helper" / "mount.fuse.nydus-overlayfs"],
    ):
        subprocess.run(command, cwd=tree, env=environment, check=True)
    archive = archive_of("x86_64")
    with tarfile.open(archive) as files:
        packed = files.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{HELPER}").read()
    assert stripped.read_bytes() == packed, "two builds of the helper differ"


def test_installed_by_its_script_it_mounts_and_goes_without_a_trace(node):
    archive = archive_of("x86_64")
    node.copy_in(archive, f"/tmp/{archive.name}")
    node.shell(f"cd /tmp && tar -xzf {archive.name}")
    folder = f"/tmp/{archive.name.removesuffix('.tar.gz')}"
    before = node.shell("find /usr/local /etc/nydus-overlayfs 2>/dev/null | sort || true").stdout
    node.run([f"{folder}/install.sh"])
    assert node.run(["/bin/sh", "-c", "command -v nydus-overlayfs"]).stdout == "/usr/local/sbin/nydus-overlayfs\n"
    assert node.run(["nydus-overlayctl", "--version"]).stdout.startswith("nydus-overlayctl ")
    sample = SampleMount(node)
    sample.by_mount_fuse()
    node.shell(f"grep -q a {sample.target}/file && umount {sample.target}")
    node.run([f"{folder}/install.sh", "--uninstall"])
    assert node.shell("find /usr/local /etc/nydus-overlayfs 2>/dev/null | sort || true").stdout == before


def test_tool_for_aarch64_runs(tmp_path):
    archive = archive_of("aarch64")
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path, "--strip-components=1"], check=True)
    sysroot = subprocess.run(
        [TREE / "tests/cross/fetch"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()

    def tool(*arguments, **keywords):
        command = [EMULATOR, "-L", sysroot, tmp_path / TOOL, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **keywords).stdout

    assert tool("--version").startswith("nydus-overlayctl ")
    assert "/lower" in tool("inspect", input="mount -t fuse.nydus-overlayfs overlay /target -o lowerdir=/lower:/other")
    data = tmp_path / "data"
    data.write_bytes(b"x" * 8192)
    words = ["veritysetup", "format", "--salt=-", data, tmp_path / "tree"]
    told = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    [root_hash] = re.findall(r"Root hash:\s*([0-9a-f]{64})", told)
    assert root_hash in tool("verity", "format", "--salt=-", data)
