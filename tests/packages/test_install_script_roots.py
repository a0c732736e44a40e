# SPDX-License-Identifier: Apache-2.0
"""The archive's install.sh on odd and hostile roots: it stays in them, and takes back nothing but its own."""

import os
import shutil
import subprocess

import pytest
from node_lab.archive import HELPER, version
from node_lab.node import GO, KEPT

pytest_plugins = ["node_lab.fixtures"]



def test_absolute_links_stay_in_the_root(bare_node):
    """As on systems whose /usr cannot be written."""
    shutil.rmtree(bare_node.root / "usr/local")
    (bare_node.root / "var/usrlocal").mkdir(parents=True)
    (bare_node.root / "usr/local").symlink_to("/var/usrlocal")
    before = bare_node.picture()
    bare_node.install()
    assert (bare_node.root / "var/usrlocal/sbin/nydus-overlayfs").is_symlink()
    bare_node.uninstall()
    assert bare_node.picture() == before


@pytest.mark.parametrize("name", ("sbin", "lib", "lib/nydus-overlayfs", "share"))
@pytest.mark.parametrize("upwards", ("", "../../../../../../../../../../.."))
def test_links_do_not_lead_out(bare_node, tmp_path, name, upwards):
    outside = tmp_path / "outside"
    outside.mkdir()
    place = bare_node.root / "usr/local" / name
    if place.exists():
        place.rmdir()
    place.symlink_to(f"{upwards}{outside}")
    before = bare_node.picture()
    bare_node.install()
    assert list(outside.iterdir()) == []
    bare_node.uninstall()
    assert list(outside.iterdir()) == []
    assert bare_node.picture() == before


@pytest.mark.parametrize("name", ("installed", "installed.new"))
def test_record_that_is_a_link_is_replaced(bare_node, tmp_path, name):
    outside = tmp_path / "outside"
    outside.write_text("untouched\n")
    folder = bare_node.root / "usr/local/lib/nydus-overlayfs"
    folder.mkdir()
    (folder / name).symlink_to(outside)
    bare_node.install()
    bare_node.uninstall()
    assert outside.read_text() == "untouched\n"


@pytest.mark.parametrize(
    "name", (HELPER, "share/man/man8/mount.fuse.nydus-overlayfs.8", "lib/nydus-overlayfs/installed")
)
def test_link_to_a_directory_is_not_followed(node_by_shell, tmp_path, name):
    """As mv does, which takes it for the place to move to."""
    node = node_by_shell
    outside = tmp_path / "outside"
    outside.mkdir()
    link = node.root / "usr/local" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    before = node.picture()
    node.install()
    assert list(outside.iterdir()) == []
    assert not link.is_symlink()
    node.uninstall()
    if link.name == "installed":
        before = {path: what for path, what in before.items() if not path.startswith("usr/local/lib/")}
    assert node.picture() == before


def test_record_cannot_name_other_files(bare_node, tmp_path):
    """Whoever writes the node's record does not choose what --uninstall removes."""
    bare_node.install()
    outside = tmp_path / "outside"
    outside.mkdir()
    record = bare_node.root / "usr/local/lib/nydus-overlayfs/installed"
    victim = bare_node.put("etc/shadow", "")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with record.open("a") as lines:
        lines.write(f"{empty}  sbin/../../../etc/shadow\n{empty}  /etc/shadow\n")
        lines.write(f"directory  /../../../../../../..{outside}\n")
    bare_node.uninstall()
    assert victim.exists()
    assert outside.exists()


def test_link_that_leads_nowhere_is_an_error(bare_node):
    (bare_node.root / "usr/local/sbin").rmdir()
    (bare_node.root / "usr/local/sbin").symlink_to("sbin")
    assert "too many links" in bare_node.refused()


def test_names_of_the_node_are_not_printed_raw(bare_node):
    (bare_node.root / "usr/local/sbin").rmdir()
    (bare_node.root / "usr/local/sbin").symlink_to("/odd\x1b[31m")
    assert "\x1b" not in bare_node.install()


def test_directory_in_the_way(bare_node):
    (bare_node.root / "usr/local/sbin/nydus-overlayfs").mkdir()
    assert "is a directory" in bare_node.refused()


def test_link_in_the_way_is_put_back(bare_node):
    (bare_node.root / "usr/local/sbin/nydus-overlayfs").symlink_to("/opt/somewhere/nydus-overlayfs")
    before = bare_node.picture()
    bare_node.install()
    bare_node.uninstall()
    assert bare_node.picture() == before


# ---- what is not ours


@pytest.fixture
def hand_installed(node_by_shell):
    """A node where somebody has copied the same files; their owner shows whose they are."""
    node = node_by_shell
    for name in (HELPER, "bin/nydus-overlayctl"):
        shutil.copy(node.archive / name, node.root / "usr/local" / name)
        os.chown(node.root / "usr/local" / name, 1001, 1001)
    (node.root / "usr/local/sbin/nydus-overlayfs").symlink_to("mount.fuse.nydus-overlayfs")
    return node


@pytest.mark.parametrize("runs", (1, 2))
def test_files_that_equal_ours_are_kept(hand_installed, runs):
    node = hand_installed
    before = node.picture()
    assert "sbin/nydus-overlayfs and keep what is there" in node.install("--dry-run")
    for _ in range(runs):
        node.install()
    node.uninstall()
    assert node.picture() == before


def test_link_of_another_helper_that_equals_ours_is_kept(bare_node):
    bare_node.put("usr/local/sbin/mount.fuse.nydus-overlayfs", GO)
    (bare_node.root / "usr/local/sbin/nydus-overlayfs").symlink_to("mount.fuse.nydus-overlayfs")
    before = bare_node.picture()
    bare_node.install()
    assert version() in bare_node.version()
    bare_node.uninstall()
    assert bare_node.picture() == before


# ---- what was changed since


def test_changed_file_stays(bare_node):
    bare_node.put("usr/local/sbin/nydus-overlayfs", GO)
    bare_node.install()
    changed = bare_node.put("usr/local/bin/nydus-overlayctl", "changed by hand\n")
    assert f"left {changed}" in bare_node.uninstall()
    assert changed.read_text() == "changed by hand\n"
    assert (bare_node.root / "usr/local/sbin/nydus-overlayfs").read_text() == GO


def test_helper_that_somebody_put_over_ours_stays(bare_node):
    """Both the one that is there and the one that was there before us are the node's."""
    bare_node.put("usr/local/sbin/nydus-overlayfs", GO)
    bare_node.install()
    (bare_node.root / "usr/local/sbin/nydus-overlayfs").unlink()
    newer = bare_node.put("usr/local/sbin/nydus-overlayfs", "a newer Go helper\n")
    text = bare_node.uninstall()
    assert newer.read_text() == "a newer Go helper\n"
    assert (bare_node.root / KEPT).read_text() == GO
    assert KEPT in text


def test_helper_that_somebody_put_over_ours_is_the_one_to_go_back_to(bare_node):
    bare_node.put("usr/local/sbin/nydus-overlayfs", GO)
    bare_node.install()
    (bare_node.root / "usr/local/sbin/nydus-overlayfs").unlink()
    newer = bare_node.put("usr/local/sbin/nydus-overlayfs", "a newer Go helper\n")
    bare_node.install()
    assert version() in bare_node.version()
    bare_node.uninstall()
    assert newer.read_text() == "a newer Go helper\n"
    assert not (bare_node.root / KEPT).exists()


def test_lost_record_loses_no_helper(bare_node, mount):
    """The run that fails after that does not know that it is not the first one."""
    bare_node.put("usr/local/sbin/nydus-overlayfs", GO)
    bare_node.install()
    (bare_node.root / "usr/local/lib/nydus-overlayfs/installed").unlink()
    place = bare_node.root / "usr/local/share"
    mount("--bind", place, place)
    subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
    assert bare_node.run().code == 1
    assert (bare_node.root / KEPT).read_text() == GO
    assert version() in bare_node.version()


def test_removed_file_is_no_obstacle(bare_node):
    before = bare_node.picture()
    bare_node.install()
    (bare_node.root / "usr/local/sbin/nydus-overlayfs").unlink()
    bare_node.uninstall()
    assert bare_node.picture() == before
