# SPDX-License-Identifier: Apache-2.0
"""An installation that is killed or that fails leaves a helper that works, and can be repaired."""

from package_lab.artefacts import OLDER
from package_lab.debian_packages import DebianMachine
from package_lab.installed import HELPER, HELPER_PACKAGE, TOOL_PACKAGE
from package_lab.fresh_root import FreshRoot
from package_lab.killed_dpkg import kill_before, steps_of
from package_lab.sample_mount import SampleMount
from package_lab.selection import on_debian_12

# apt's own cache needs a good part of it.
MACHINE_BYTES = 256 << 20
# Enough for the kernel to make a file of, too little for our packages.
ROOM_LEFT = 100 << 10
FILLER = "/var/filler"


def newer(packages):
    return packages.version.split("-")[0]


def assert_mounts(machine):
    """mount.fuse finds the helper by its second name, which is a link to the first."""
    mount = SampleMount(machine)
    mount.by_mount_fuse()
    mount.assert_works()
    mount.unmount()


@on_debian_12
def test_upgrade_killed_at_steps_of_dpkg_leaves_the_old_or_the_new_helper(node, packages, older, tmp_path):
    log = tmp_path / "calls"
    old, new = node.put(older.both), node.put(packages.both)
    upgrade = node.dpkg_command("--install", *new)
    node.run(["dpkg", "--install", *old])
    steps = steps_of(node, log, upgrade)
    assert len(steps) >= 10, steps
    found = set()
    for step in steps:
        node.run(["dpkg", "--install", *old])
        assert kill_before(node, log, upgrade, step), step
        found.add(node.version_of(HELPER))
        assert_mounts(node)
        node.repair(packages.both)
        node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
        assert node.version_of(HELPER) == newer(packages)
    assert found == {OLDER, newer(packages)}


@on_debian_12
def test_first_installation_killed_at_steps_of_dpkg_is_finished_by_the_next(node, packages, tmp_path):
    log = tmp_path / "calls"
    before = node.files()
    install = node.dpkg_command("--install", *node.put(packages.both))
    steps = steps_of(node, log, install)
    whole = node.files()
    for step in steps[:: max(1, len(steps) // 6)]:
        node.run(["dpkg", "--purge", HELPER_PACKAGE, TOOL_PACKAGE])
        assert kill_before(node, log, install, step), step
        node.repair(packages.both)
        node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
        assert node.files() == whole
    node.run(["dpkg", "--purge", HELPER_PACKAGE, TOOL_PACKAGE])
    assert node.files() == before


@on_debian_12
def test_unpacked_but_not_configured_works_and_is_configured_later(node, packages):
    node.run(["dpkg", "--unpack", *node.put(packages.both)])
    assert_mounts(node)
    node.run(["dpkg", "--configure", "-a"])
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)


def test_read_only_usr_stops_the_upgrade_and_leaves_the_old_version(node, packages, older):
    node.install(*older.both)
    node.shell("mount --bind /usr /usr; mount -o remount,bind,ro /usr")
    done = node.install(*packages.both, check=False)
    assert done.returncode != 0
    assert "Read-only file system" in done.stdout + done.stderr
    assert node.version_of(HELPER) == OLDER
    assert_mounts(node)
    node.run(["mount", "-o", "remount,bind,rw", "/usr"])
    node.install(*packages.both)
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
    assert node.version_of(HELPER) == newer(packages)


@on_debian_12
def test_read_only_usr_stops_the_first_installation_and_leaves_nothing(node, packages):
    before = node.files()
    node.shell("mount --bind /usr /usr; mount -o remount,bind,ro /usr")
    assert node.install(*packages.both, check=False).returncode != 0
    node.run(["mount", "-o", "remount,bind,rw", "/usr"])
    assert not node.is_installed(HELPER_PACKAGE)
    node.apt("purge", HELPER_PACKAGE, TOOL_PACKAGE)
    assert node.files() == before


def test_full_disk_stops_the_upgrade_and_leaves_the_old_version(release, packages, older):
    with FreshRoot(release, "node", size=MACHINE_BYTES) as root:
        machine = DebianMachine(root)
        machine.install(*older.both)
        new = machine.put(packages.both)
        machine.shell(f"cat /dev/zero >{FILLER} 2>/dev/null || truncate --size=-{ROOM_LEFT} {FILLER}")
        done = machine.run(["dpkg", "--install", *new], check=False)
        assert done.returncode != 0
        assert "No space left on device" in done.stdout + done.stderr
        assert machine.version_of(HELPER) == OLDER
        assert_mounts(machine)
        machine.run(["rm", FILLER])
        machine.repair(packages.both)
        machine.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
