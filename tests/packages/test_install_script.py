# SPDX-License-Identifier: Apache-2.0
"""The archive's install.sh on the roots of nodes: what it puts there, what it leaves, what it takes back."""

import fcntl
import os
import shutil
import subprocess

import pytest
from node_lab.archive import HELPER, OLDER, version, write_checksums
from node_lab.node import Node, picture, temporary_files

pytest_plugins = ["node_lab.fixtures"]


@pytest.fixture
def node(bare_node):
    """Of nodes that others can log in to, these tests need only the files."""
    return bare_node

GO = "the Go helper\n"
KEPT = "usr/local/sbin/.nydus-overlayfs.nydus-kept"


@pytest.fixture(params=["dash", "bash", "busybox"])
def node_by_shell(request, place, archive, programs):
    """busybox's shell uses busybox's programs."""
    shell = (programs.busybox, "sh") if request.param == "busybox" else (request.param,)
    return Node(place / "node", archive, shell)


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


def test_helper_alone(node):
    node.install("--helper-only")
    names = set(node.picture())
    assert {"usr/local/sbin/nydus-overlayfs", "usr/local/sbin/mount.fuse.nydus-overlayfs"} < names
    assert not [name for name in names if "nydus-overlayctl" in name or "share/" in name]


def test_helper_alone_leaves_the_rest_of_an_earlier_run(node):
    before = node.picture()
    node.install()
    whole = node.picture()
    node.install("--helper-only")
    assert node.picture().keys() == whole.keys()
    node.uninstall()
    assert node.picture() == before


def test_says_what_it_would_do(node):
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    before = node.picture()
    text = node.install("--dry-run")
    assert f"would install {node.root}/usr/local/sbin/nydus-overlayfs and keep what is there" in text
    assert node.picture() == before
    node.install()
    before = node.picture()
    assert "would take back" in node.uninstall("--dry-run")
    assert node.picture() == before


@pytest.mark.parametrize(
    "line", ("--prefix", "--prefix relative", "--prefix /", "--prefix /a;b", "--prefix /a/../b", "--nothing", "word")
)
def test_refuses_a_wrong_command_line(node, line):
    node.refused(*line.split())


# ---- which helper wins


def test_helper_elsewhere_on_path_is_only_passed(node):
    other = node.put("usr/local/bin/nydus-overlayfs", GO)
    node.install()
    assert version() in node.version()
    node.uninstall()
    assert node.found() == str(other)


def test_helper_earlier_on_path_wins_and_is_refused(node):
    node.put("usr/local/bin/nydus-overlayfs", GO)
    assert "/usr/local/bin/nydus-overlayfs comes before /usr/sbin/nydus-overlayfs" in node.refused("--prefix", "/usr")


def test_sbin_that_is_bin(node):
    """Fedora's /usr/local/sbin: here the helper of /usr/local/bin is the one in the way."""
    (node.root / "usr/local/sbin").rmdir()
    (node.root / "usr/local/sbin").symlink_to("bin")
    node.put("usr/local/bin/nydus-overlayfs", GO)
    before = node.picture()
    node.install()
    assert version() in node.version()
    node.uninstall()
    assert node.picture() == before


def test_prefix_off_path_names_the_setting(node):
    before = node.picture()
    text = node.install("--prefix", "/opt/nydus-overlayfs")
    assert 'nydus_overlayfs_path = "/opt/nydus-overlayfs/sbin/nydus-overlayfs"' in text
    node.uninstall("--prefix", "/opt/nydus-overlayfs")
    assert node.picture() == before


def test_prefix_off_path_with_a_link_from_path(node):
    node.install("--prefix", "/opt/n")
    (node.root / "usr/local/bin/nydus-overlayfs").symlink_to("/opt/n/sbin/nydus-overlayfs")
    assert "/usr/local/bin/nydus-overlayfs, which is this one" in node.install("--prefix", "/opt/n")


def test_warns_where_containerd_cannot_call(node):
    (node.root / "usr/sbin/mount.fuse").unlink()
    assert "no mount.fuse on the node's PATH" in node.install()


# ---- the tool is found


@pytest.mark.parametrize("prefix", ("/usr/local", "/opt/nydus-overlayfs"))
def test_helper_finds_the_tool(node, mount, prefix):
    node.install("--prefix", prefix)
    (node.root / "target").mkdir()
    (node.root / "proc").mkdir()
    mount("-t", "proc", "proc", node.root / "proc")
    # The helper runs no tool that somebody else can reach first.
    call = [f"{prefix}/sbin/nydus-overlayfs", "overlay", "/target", "-o", "nydus.mode=kata,nydus.container=c"]
    done = subprocess.run(["chroot", node.root, *call], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("--request-fd="), done.stderr


# ---- odd and hostile roots


def test_absolute_links_stay_in_the_root(node):
    """As on systems whose /usr cannot be written."""
    shutil.rmtree(node.root / "usr/local")
    (node.root / "var/usrlocal").mkdir(parents=True)
    (node.root / "usr/local").symlink_to("/var/usrlocal")
    before = node.picture()
    node.install()
    assert (node.root / "var/usrlocal/sbin/nydus-overlayfs").is_symlink()
    node.uninstall()
    assert node.picture() == before


@pytest.mark.parametrize("name", ("sbin", "lib", "lib/nydus-overlayfs", "share"))
@pytest.mark.parametrize("upwards", ("", "../../../../../../../../../../.."))
def test_links_do_not_lead_out(node, tmp_path, name, upwards):
    outside = tmp_path / "outside"
    outside.mkdir()
    place = node.root / "usr/local" / name
    if place.exists():
        place.rmdir()
    place.symlink_to(f"{upwards}{outside}")
    before = node.picture()
    node.install()
    assert list(outside.iterdir()) == []
    node.uninstall()
    assert list(outside.iterdir()) == []
    assert node.picture() == before


@pytest.mark.parametrize("name", ("installed", "installed.new"))
def test_record_that_is_a_link_is_replaced(node, tmp_path, name):
    outside = tmp_path / "outside"
    outside.write_text("untouched\n")
    folder = node.root / "usr/local/lib/nydus-overlayfs"
    folder.mkdir()
    (folder / name).symlink_to(outside)
    node.install()
    node.uninstall()
    assert outside.read_text() == "untouched\n"


def test_record_cannot_name_other_files(node, tmp_path):
    """Whoever writes the node's record does not choose what --uninstall removes."""
    node.install()
    outside = tmp_path / "outside"
    outside.mkdir()
    record = node.root / "usr/local/lib/nydus-overlayfs/installed"
    victim = node.put("etc/shadow", "")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with record.open("a") as lines:
        lines.write(f"{empty}  sbin/../../../etc/shadow\n{empty}  /etc/shadow\n")
        lines.write(f"directory  /../../../../../../..{outside}\n")
    node.uninstall()
    assert victim.exists()
    assert outside.exists()


def test_link_that_leads_nowhere_is_an_error(node):
    (node.root / "usr/local/sbin").rmdir()
    (node.root / "usr/local/sbin").symlink_to("sbin")
    assert "too many links" in node.refused()


def test_names_of_the_node_are_not_printed_raw(node):
    (node.root / "usr/local/sbin").rmdir()
    (node.root / "usr/local/sbin").symlink_to("/odd\x1b[31m")
    assert "\x1b" not in node.install()


def test_directory_in_the_way(node):
    (node.root / "usr/local/sbin/nydus-overlayfs").mkdir()
    assert "is a directory" in node.refused()


def test_link_in_the_way_is_put_back(node):
    (node.root / "usr/local/sbin/nydus-overlayfs").symlink_to("/opt/somewhere/nydus-overlayfs")
    before = node.picture()
    node.install()
    node.uninstall()
    assert node.picture() == before


# ---- the archive


@pytest.fixture
def damaged(node, tmp_path):
    copy = tmp_path / "archive"
    shutil.copytree(node.archive, copy, symlinks=True)
    node.archive = copy
    return copy


def test_file_with_another_checksum(node, damaged):
    content = bytearray((damaged / HELPER).read_bytes())
    content[-1] ^= 1
    (damaged / HELPER).write_bytes(content)
    assert "is not what SHA256SUMS says" in node.refused()


@pytest.mark.parametrize("missing", ("SHA256SUMS", HELPER, "sbin/nydus-overlayfs", "node-files.sh"))
def test_missing_file(node, damaged, missing):
    (damaged / missing).unlink()
    assert "unpack" in node.refused()


def test_helper_of_another_machine(node, damaged):
    (damaged / HELPER).write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))
    write_checksums(damaged)
    assert "does not run on this machine" in node.refused()


# ---- what was changed since


def test_changed_file_stays(node):
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    node.install()
    changed = node.put("usr/local/bin/nydus-overlayctl", "changed by hand\n")
    assert f"left {changed}" in node.uninstall()
    assert changed.read_text() == "changed by hand\n"
    assert (node.root / "usr/local/sbin/nydus-overlayfs").read_text() == GO


def test_helper_that_somebody_put_over_ours_stays(node):
    """Both the one that is there and the one that was there before us are the node's."""
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    node.install()
    (node.root / "usr/local/sbin/nydus-overlayfs").unlink()
    newer = node.put("usr/local/sbin/nydus-overlayfs", "a newer Go helper\n")
    text = node.uninstall()
    assert newer.read_text() == "a newer Go helper\n"
    assert (node.root / KEPT).read_text() == GO
    assert KEPT in text


def test_helper_that_somebody_put_over_ours_is_the_one_to_go_back_to(node):
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    node.install()
    (node.root / "usr/local/sbin/nydus-overlayfs").unlink()
    newer = node.put("usr/local/sbin/nydus-overlayfs", "a newer Go helper\n")
    node.install()
    assert version() in node.version()
    node.uninstall()
    assert newer.read_text() == "a newer Go helper\n"
    assert not (node.root / KEPT).exists()


def test_lost_record_loses_no_helper(node, mount):
    """The run that fails after that does not know that it is not the first one."""
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    node.install()
    (node.root / "usr/local/lib/nydus-overlayfs/installed").unlink()
    place = node.root / "usr/local/share"
    mount("--bind", place, place)
    subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
    assert node.run().code == 1
    assert (node.root / KEPT).read_text() == GO
    assert version() in node.version()


def test_removed_file_is_no_obstacle(node):
    before = node.picture()
    node.install()
    (node.root / "usr/local/sbin/nydus-overlayfs").unlink()
    node.uninstall()
    assert node.picture() == before


# ---- faults


def test_one_at_a_time(node):
    place = os.open(node.root / "usr/local/sbin", os.O_RDONLY)
    fcntl.flock(place, fcntl.LOCK_EX)
    assert "another install.sh is at work" in node.refused()
    os.close(place)


def test_only_root(node, tmp_path):
    os.chmod(tmp_path, 0o755)
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-s", "--", "--root", "/"],
        stdin=(node.archive / "install.sh").open(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "only root" in done.stderr


def test_read_only_prefix(node, mount):
    mount("--bind", node.root, node.root)
    subprocess.run(["mount", "-o", "remount,bind,ro", node.root], check=True)
    assert "--prefix DIR chooses another place; nothing changed" in node.refused().replace(")", "")


@pytest.mark.parametrize("blocks", (5, 20, 30, 60))
def test_full_disk(tmp_path, archive, older_archive, mount, blocks):
    """However many of these 4 KiB are free. An older version stays whole and can be taken back."""
    root = tmp_path / "node"
    root.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", root)
    node = Node(root, older_archive)
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    empty = node.picture()
    node.install("--helper-only")
    node.archive = archive
    room = os.statvfs(root).f_bavail * 4096
    (root / "ballast").write_bytes(bytes(room - blocks * 4096))
    text = node.refused()
    assert "No space left on device" in text
    assert "nothing changed" in text
    assert OLDER in node.version()
    (root / "ballast").unlink()
    node.uninstall()
    assert node.picture() == empty


NEXT = {
    "install": lambda node: (node.install("--helper-only"), node.uninstall()),
    "uninstall": lambda node: node.uninstall(),
}


class Scene:
    """A node that can be set up again and again."""

    def __init__(self, node, tmp_path):
        self.node = node
        self._original = tmp_path / "original"

    def remember(self):
        shutil.copytree(self.node.root, self._original, symlinks=True)

    def renew(self):
        shutil.rmtree(self.node.root)
        shutil.copytree(self._original, self.node.root, symlinks=True)

    def before(self):
        return picture(self._original)


@pytest.fixture(params=["first", "upgrade", "uninstall"])
def scene(request, node, older_archive, tmp_path):
    """A node with the Go helper, right before the operation that is going to be disturbed, and its arguments."""
    node.put("usr/local/sbin/nydus-overlayfs", GO)
    node.put("usr/local/sbin/untouched", GO)
    made = Scene(node, tmp_path)
    made.clean = node.picture()
    made.arguments = ("--helper-only",)
    if request.param != "first":
        present, node.archive = node.archive, older_archive
        node.install("--helper-only")
        node.archive = present
    if request.param == "uninstall":
        made.arguments = ("--uninstall",)
    made.remember()
    return made


@pytest.mark.parametrize("follower", NEXT)
def test_killed_at_every_step(scene, disturber, follower):
    """Right before a call all is as it was right after the call before."""
    node = scene.node
    calls = disturber.calls(node, *scene.arguments)
    for when, how in [*((when, "killed-before") for when in range(1, calls + 1)), (calls, "killed-after")]:
        scene.renew()
        disturber.kill(node, *scene.arguments, when=when, how=how)
        assert node.found(), when
        NEXT[follower](node)
        assert node.picture() == scene.clean, when
    print(f"killed at {calls + 1} steps")
    assert calls > 10


def test_each_step_fails(scene, disturber):
    """A run that fails leaves all as it was, or says that it was too late for that and what to do."""
    node = scene.node
    calls = disturber.calls(node, *scene.arguments)
    undone = 0
    for when in range(1, calls + 1):
        scene.renew()
        outcome = disturber.run(node, *scene.arguments, when=when, how="fails")
        assert node.found(), when
        if "nothing changed" in outcome.text:
            assert outcome.code == 1
            assert node.picture() == scene.before(), when
            undone += 1
        elif outcome.code != 0:
            assert "--uninstall" in outcome.text
        node.uninstall()
        assert node.picture() == scene.clean, when
    print(f"{calls} steps failed, {undone} runs undone")
    assert undone > 10 or "--uninstall" in scene.arguments
