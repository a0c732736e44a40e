# SPDX-License-Identifier: Apache-2.0
"""The archive's install.sh on the roots of nodes: what it puts there, what it leaves, what it takes back."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from node_lab.archive import HELPER, version, write_checksums
from node_lab.node import GO, temporary_files
from package_lab.artefacts import OLDER

pytest_plugins = ["node_lab.fixtures"]


def test_leaves_the_node_as_it_was(node_by_shell):
    node = node_by_shell
    before = node.picture()
    text = node.install()
    assert f"mount.fuse.nydus-overlayfs {version()}" in node.version()
    assert "/usr/local/sbin/nydus-overlayfs, which is this one" in text
    after = node.picture()
    assert after["usr/local/sbin/nydus-overlayfs"] == "-> mount.fuse.nydus-overlayfs"
    assert after["usr/local/bin/nydus-overlayctl"].endswith(" 755 0")
    assert after["usr/local/share/man/man8/nydus-overlayfs.8"].endswith(" 644 0")
    assert temporary_files(node.root) == []
    node.uninstall()
    assert node.picture() == before


def test_may_be_repeated(node_by_shell):
    node = node_by_shell
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    before = node.picture()
    node.install()
    once = node.picture()
    node.install()
    assert node.picture() == once
    node.uninstall()
    assert "nothing was installed" in node.uninstall()
    assert node.picture() == before


def test_upgrade_keeps_what_was_there_before_the_first_version(node_by_shell, older_archive):
    node = node_by_shell
    helper = node.put("usr/local/sbin/nydus-overlayfs", GO)
    os.chown(helper, 1001, 1001)
    before = node.picture()
    present, node.archive = node.archive, older_archive
    node.install()
    assert OLDER in node.version()
    node.archive = present
    node.install()
    assert version() in node.version()
    assert "usr/local/share/man/man8/gone.8" not in node.picture()
    node.uninstall()
    assert node.picture() == before


def test_helper_alone(bare_node):
    bare_node.install("--helper-only")
    names = set(bare_node.picture())
    assert {"usr/local/sbin/nydus-overlayfs", "usr/local/sbin/mount.fuse.nydus-overlayfs"} < names
    assert not [name for name in names if "nydus-overlayctl" in name or "share/" in name]


def test_helper_alone_leaves_the_rest_of_an_earlier_run(bare_node):
    before = bare_node.picture()
    bare_node.install()
    whole = bare_node.picture()
    assert "another version" not in bare_node.install("--helper-only")
    assert bare_node.picture().keys() == whole.keys()
    bare_node.uninstall()
    assert bare_node.picture() == before


def test_helper_alone_says_that_the_rest_stays_older(bare_node, older_archive):
    present, bare_node.archive = bare_node.archive, older_archive
    bare_node.install()
    bare_node.archive = present
    assert "stay those of another version" in bare_node.install("--helper-only")
    assert (bare_node.root / "usr/local/share/man/man8/gone.8").exists()


def test_says_what_it_would_do(bare_node):
    bare_node.put("usr/local/sbin/nydus-overlayfs", GO)
    before = bare_node.picture()
    text = bare_node.install("--dry-run")
    assert f"would install {bare_node.root}/usr/local/sbin/nydus-overlayfs and keep what is there" in text
    assert bare_node.picture() == before
    bare_node.install()
    before = bare_node.picture()
    assert "would take back" in bare_node.uninstall("--dry-run")
    assert bare_node.picture() == before


@pytest.mark.parametrize(
    "line", ("--prefix", "--prefix relative", "--prefix /", "--prefix /a;b", "--prefix /a/../b", "--nothing", "word")
)
def test_refuses_a_wrong_command_line(bare_node, line):
    bare_node.refused(*line.split())


def test_refuses_a_root_without_a_name(bare_node):
    """An empty variable in a script would mean the machine itself, so this is no test to let loose on it."""
    assert "--root needs a directory" in bare_node.refused("--dry-run", "--root", "")


@pytest.mark.parametrize("relative", ("archive", "root"))
def test_relative_folder_is_no_matter_of_cdpath(node_by_shell, monkeypatch, relative):
    """With CDPATH in the environment `cd` prints where it goes, or goes elsewhere."""
    node = node_by_shell
    before = node.picture()
    with monkeypatch.context() as there:
        folder = getattr(node, relative)
        there.chdir(folder.parent)
        there.setattr(node, relative, Path(folder.name))
        outcome = node.run(CDPATH=str(folder.parent))
    assert outcome.code == 0, outcome.text
    assert version() in node.version()
    node.uninstall()
    assert node.picture() == before


# ---- which helper wins


def test_helper_elsewhere_on_path_is_only_passed(bare_node):
    other = bare_node.put("usr/local/bin/nydus-overlayfs", GO)
    bare_node.install()
    assert version() in bare_node.version()
    bare_node.uninstall()
    assert bare_node.found() == str(other)


def test_helper_earlier_on_path_wins_and_is_refused(bare_node):
    bare_node.put("usr/local/bin/nydus-overlayfs", GO)
    text = bare_node.refused("--prefix", "/usr")
    assert "/usr/local/bin/nydus-overlayfs comes before /usr/sbin/nydus-overlayfs" in text


def test_sbin_that_is_bin(bare_node):
    """Fedora's /usr/local/sbin: here the helper of /usr/local/bin is the one in the way."""
    (bare_node.root / "usr/local/sbin").rmdir()
    (bare_node.root / "usr/local/sbin").symlink_to("bin")
    bare_node.put("usr/local/bin/nydus-overlayfs", GO)
    before = bare_node.picture()
    bare_node.install()
    assert version() in bare_node.version()
    bare_node.uninstall()
    assert bare_node.picture() == before


@pytest.mark.parametrize("sbin", ("a folder", "a link to bin"))
def test_again_after_the_clean_up_and_deploy_of_the_snapshotter(bare_node, tmp_path, sbin):
    """Both as snapshotter.sh of nydus-snapshotter has them."""
    if sbin == "a link to bin":
        (bare_node.root / "usr/local/sbin").rmdir()
        (bare_node.root / "usr/local/sbin").symlink_to("bin")
    go = tmp_path / "nydus-overlayfs"
    go.write_text(GO)
    binaries = bare_node.root / "usr/local/bin"
    bare_node.install()
    before = bare_node.picture()
    subprocess.run(f'rm -f "{binaries}"/nydus*', shell=True, check=True)
    assert not (binaries / "nydus-overlayctl").exists()
    bare_node.install()
    assert bare_node.picture() == before
    subprocess.run(["install", "-Dm", "755", "-t", binaries, go], check=True)
    bare_node.install()
    assert version() in bare_node.version()
    bare_node.uninstall()
    assert (bare_node.root / "usr/local/bin/nydus-overlayfs").read_text() == GO


def test_prefix_off_path_names_the_setting(bare_node):
    before = bare_node.picture()
    text = bare_node.install("--prefix", "/opt/nydus-overlayfs")
    assert 'nydus_overlayfs_path = "/opt/nydus-overlayfs/sbin/nydus-overlayfs"' in text
    bare_node.uninstall("--prefix", "/opt/nydus-overlayfs")
    assert bare_node.picture() == before


def test_prefix_off_path_with_a_link_from_path(bare_node):
    bare_node.install("--prefix", "/opt/n")
    (bare_node.root / "usr/local/bin/nydus-overlayfs").symlink_to("/opt/n/sbin/nydus-overlayfs")
    assert "/usr/local/bin/nydus-overlayfs, which is this one" in bare_node.install("--prefix", "/opt/n")


def test_warns_where_containerd_cannot_call(bare_node):
    (bare_node.root / "usr/sbin/mount.fuse").unlink()
    assert "no mount.fuse on the node's PATH" in bare_node.install()


# ---- the tool is found


@pytest.mark.parametrize("prefix", ("/usr/local", "/opt/nydus-overlayfs"))
def test_helper_finds_the_tool(bare_node, mount, prefix):
    bare_node.install("--prefix", prefix)
    (bare_node.root / "target").mkdir()
    (bare_node.root / "proc").mkdir()
    mount("-t", "proc", "proc", bare_node.root / "proc")
    # The helper runs no tool that somebody else can reach first.
    call = [f"{prefix}/sbin/nydus-overlayfs", "overlay", "/target", "-o", "nydus.mode=kata,nydus.container=c"]
    done = subprocess.run(["chroot", bare_node.root, *call], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("--request-fd="), done.stderr


# ---- the archive


@pytest.fixture
def damaged(bare_node, tmp_path):
    copy = tmp_path / "archive"
    shutil.copytree(bare_node.archive, copy, symlinks=True)
    bare_node.archive = copy
    return copy


def test_file_with_another_checksum(bare_node, damaged):
    content = bytearray((damaged / HELPER).read_bytes())
    content[-1] ^= 1
    (damaged / HELPER).write_bytes(content)
    assert "is not what SHA256SUMS says" in bare_node.refused()


@pytest.mark.parametrize("missing", ("SHA256SUMS", HELPER, "sbin/nydus-overlayfs", "node-files.sh"))
def test_missing_file(bare_node, damaged, missing):
    (damaged / missing).unlink()
    assert "unpack" in bare_node.refused()


def test_helper_of_another_machine(bare_node, damaged):
    (damaged / HELPER).write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))
    write_checksums(damaged)
    assert "does not run on this machine" in bare_node.refused()
