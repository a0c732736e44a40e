# SPDX-License-Identifier: Apache-2.0
"""The archive's install.sh when something goes wrong: nothing changed, or the next run puts it right."""

import fcntl
import os
import shutil
import subprocess
import time

import pytest
from node_lab.archive import HELPER, version
from node_lab.node import GO, Node, picture
from node_lab.pod import install_busybox
from nydus_stack.programs import SYSTEM_PATH
from package_lab.artefacts import OLDER

pytest_plugins = ["node_lab.fixtures"]



def test_one_at_a_time(bare_node):
    place = os.open(bare_node.root / "usr/local", os.O_RDONLY)
    fcntl.flock(place, fcntl.LOCK_EX)
    assert "another install.sh is at work" in bare_node.refused()
    os.close(place)


# Holds up the run that it is in.
SLOW = """#!/bin/sh
: >{folder}/reached
while [ ! -e {folder}/continue ]; do sleep 0.01; done
exec {program} "$@"
"""


def test_one_at_a_time_where_the_prefix_is_new(bare_node, tmp_path):
    """Whatever of it the first one has made."""
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "ln").write_text(SLOW.format(folder=folder, program=shutil.which("ln")))
    (folder / "ln").chmod(0o755)
    before = bare_node.picture()
    arguments = ("--prefix", "/opt/nydus/overlayfs")
    environment = {"PATH": f"{folder}:{SYSTEM_PATH}"}
    with subprocess.Popen(bare_node.command(*arguments), env=environment, stdout=subprocess.DEVNULL) as first:
        try:
            while first.poll() is None and not (folder / "reached").exists():
                time.sleep(0.01)
            assert "another install.sh is at work" in bare_node.refused(*arguments)
        finally:
            (folder / "continue").touch()
        assert first.wait() == 0
    bare_node.uninstall(*arguments)
    assert bare_node.picture() == before


def test_new_prefix_below_the_root_itself(bare_node, programs, mount):
    """Run on the node, not from a container."""
    install_busybox(programs.busybox, bare_node.root)
    null = bare_node.put("dev/null", "")
    mount("--bind", "/dev/null", null)
    shutil.copytree(bare_node.archive, bare_node.root / "archive", symlinks=True)
    before = bare_node.picture()
    for action in ((), ("--uninstall",)):
        command = ["chroot", bare_node.root, "/archive/install.sh", "--prefix", "/new", *action]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (bare_node.root / "new/sbin/nydus-overlayfs").is_symlink() is not bool(action)
    assert bare_node.picture() == before


def test_only_root(bare_node, tmp_path):
    os.chmod(tmp_path, 0o755)
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-s", "--", "--root", "/"],
        stdin=(bare_node.archive / "install.sh").open(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "only root" in done.stderr


def test_read_only_prefix(bare_node, mount):
    mount("--bind", bare_node.root, bare_node.root)
    subprocess.run(["mount", "-o", "remount,bind,ro", bare_node.root], check=True)
    assert "--prefix DIR chooses another place; nothing changed" in bare_node.refused().replace(")", "")


# Root as it is in the DaemonSet's container, where fs.protected_hardlinks forbids a second name for others' files.
WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


@pytest.fixture(params=["sh", "busybox"])
def unprivileged(request, place, archive, programs):
    shell = (programs.busybox, "sh") if request.param == "busybox" else ("sh",)
    return Node(place / "node", archive, (*WITHOUT_CAPABILITIES, *shell))


def test_without_capabilities_others_files_are_kept_as_copies_of_root(unprivileged):
    helper = unprivileged.put("usr/local/sbin/nydus-overlayfs", GO)
    shutil.chown(helper, 1001, 1001)
    helper.chmod(0o4755)
    unprivileged.install()
    assert version() in unprivileged.version()
    unprivileged.uninstall()
    assert helper.read_text() == GO
    status = helper.stat()
    assert (status.st_uid, status.st_mode & 0o7777) in ((0, 0o755), (1001, 0o4755))


def test_without_capabilities_an_unreadable_file_changes_nothing(unprivileged):
    helper = unprivileged.put("usr/local/sbin/nydus-overlayfs", GO)
    shutil.chown(helper, 1001, 1001)
    helper.chmod(0o700)
    text = unprivileged.refused()
    assert f"cannot keep {helper}" in text
    assert "nothing changed" in text


def test_without_capabilities_a_run_that_fails_leaves_the_owner(unprivileged):
    """What was kept as a copy is still in place itself."""
    helper = unprivileged.put("usr/local/sbin/mount.fuse.nydus-overlayfs", GO)
    shutil.chown(helper, 1001, 1001)
    (unprivileged.root / "usr/local/sbin/nydus-overlayfs").mkdir()
    assert "nothing changed" in unprivileged.refused()


def test_loop_of_links_below_changes_nothing(bare_node):
    """It is met when some of the files are staged already."""
    (bare_node.root / "usr/local/share/nydus-overlayfs").symlink_to("nydus-overlayfs")
    text = bare_node.refused()
    assert "too many links" in text
    assert "nothing changed" in text


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


# The call by which the first file is staged.
STAGING = 9


def helpers(node):
    """Without what only the installer knows of."""
    places = node.picture().items()
    return {name: what for name, what in places if name.startswith("usr/local/sbin/") and ".nydus-" not in name}


def fail_to_install(node, disturber):
    before = helpers(node)
    outcome = disturber.run(node, "--helper-only", when=STAGING, how="fails")
    assert outcome.code == 1
    assert "nothing changed" in outcome.text
    assert helpers(node) == before
    node.uninstall()


NEXT = {
    "install": lambda node, _: (node.install("--helper-only"), node.uninstall()),
    "uninstall": lambda node, _: node.uninstall(),
    "failing install": fail_to_install,
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


def install_by_hand(node):
    """Files that equal ours, with a mode that is not ours."""
    shutil.copy(node.archive / HELPER, node.root / "usr/local" / HELPER)
    (node.root / "usr/local" / HELPER).chmod(0o700)
    (node.root / "usr/local/sbin/nydus-overlayfs").symlink_to("mount.fuse.nydus-overlayfs")


SCENES = ("first", "upgrade", "uninstall", "first over equal files", "uninstall over equal files")


@pytest.fixture(params=SCENES)
def scene(request, bare_node, older_archive, tmp_path):
    """A node with another helper, right before the operation that is going to be disturbed, and its arguments."""
    operation, _, over_equal_files = request.param.partition(" over ")
    if over_equal_files:
        install_by_hand(bare_node)
    else:
        bare_node.put("usr/local/sbin/nydus-overlayfs", GO)
    bare_node.put("usr/local/sbin/untouched", GO)
    made = Scene(bare_node, tmp_path)
    made.clean = bare_node.picture()
    made.arguments = ("--helper-only",)
    if operation != "first":
        present, bare_node.archive = bare_node.archive, bare_node.archive if over_equal_files else older_archive
        bare_node.install("--helper-only")
        bare_node.archive = present
    if operation == "uninstall":
        made.arguments = ("--uninstall",)
    made.remember()
    return made


@pytest.mark.parametrize(
    "scene,follower",
    [
        *((scene, follower) for scene in SCENES for follower in ("install", "uninstall")),
        ("upgrade", "failing install"),
    ],
    indirect=["scene"],
)
def test_killed_at_every_step(scene, disturber, follower):
    """Right before a call all is as it was right after the call before."""
    node = scene.node
    calls = disturber.calls(node, *scene.arguments)
    for when, how in [*((when, "killed-before") for when in range(1, calls + 1)), (calls, "killed-after")]:
        scene.renew()
        disturber.kill(node, *scene.arguments, when=when, how=how)
        assert node.found(), when
        NEXT[follower](node, disturber)
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
