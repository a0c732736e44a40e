# SPDX-License-Identifier: Apache-2.0
"""From version to version: at no moment is there no helper, and what is mounted goes on."""

from package_lab.artefacts import CONFIGURATION_DIFFERS, OLDER
from package_lab.installed import CONFIGURATION, HELPER, HELPER_PACKAGE, TOOL, TOOL_PACKAGE
from package_lab.sample_mount import SampleMount
from package_lab.selection import on_debian_12

# Mounts and unmounts until told to stop; says how often, and what failed.
MOUNT_AGAIN_AND_AGAIN = """
touch /tmp/mounting
while test -e /tmp/mounting; do
  mount.fuse overlay {target} -o {options} -t nydus-overlayfs || echo failed
  umount {target} || echo failed
  echo done
done"""


def versions(machine):
    return {machine.version_of(program) for program in (HELPER, TOOL)}


def test_upgrade_ends_as_a_new_installation_does(node, packages, older, release):
    node.install(*older.both)
    assert versions(node) == {OLDER}
    node.install(*packages.both)
    assert versions(node) == {packages.version.split("-")[0]}
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
    upgraded = node.files()
    node.apt("purge", HELPER_PACKAGE, TOOL_PACKAGE)
    node.install(*packages.both)
    assert node.files() == upgraded


@on_debian_12
def test_upgrade_of_the_helper_alone_leaves_the_older_tool(node, packages, older):
    """Native mounts need no tool; so this is no reason to take a package away, as a field Breaks would."""
    node.install(*older.both)
    node.install(packages.helper)
    assert node.version_of(HELPER) == packages.version.split("-")[0]
    assert node.version_of(TOOL) == OLDER
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)


@on_debian_12
def test_downgrade_and_back(node, packages, older):
    node.install(*packages.both)
    node.install(*older.both, flags=["--allow-downgrades"])
    assert versions(node) == {OLDER}
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
    node.install(*packages.both)
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)


def test_a_mount_of_the_older_helper_outlives_upgrade_and_purge(node, packages, older):
    node.install(*older.both)
    mount = SampleMount(node)
    mount.by_mount_fuse()
    node.install(*packages.both)
    mount.assert_works()
    node.apt("purge", HELPER_PACKAGE, TOOL_PACKAGE)
    mount.assert_works()
    mount.unmount()


def test_every_mount_during_upgrade_and_downgrade_works(node, packages, older):
    node.install(*packages.both)
    mount = SampleMount(node)
    script = MOUNT_AGAIN_AND_AGAIN.format(target=mount.target, options=mount.options())
    with node.root.start(["/bin/sh", "-c", script]) as mounting:
        try:
            node.install(*older.both, flags=["--allow-downgrades"])
            node.install(*packages.both)
            node.run(["rm", "/tmp/mounting"])
            output, _ = mounting.communicate()
        finally:
            mounting.kill()
    lines = output.splitlines()
    assert set(lines) == {"done"}, set(lines)
    assert len(lines) > 20


@on_debian_12
def test_an_edited_configuration_survives_the_upgrade(node, packages, older):
    node.install(*older.both)
    node.shell(f"echo 'layout = \"rs\"' >>{CONFIGURATION}")
    node.install(*packages.both, flags=["-oDpkg::Options::=--force-confdef", "-oDpkg::Options::=--force-confold"])
    assert node.run(["tail", "-n1", CONFIGURATION]).stdout == 'layout = "rs"\n'
    # What the older one ships differs, so there was something to decide.
    assert CONFIGURATION_DIFFERS not in node.run(["cat", f"{CONFIGURATION}.dpkg-dist"]).stdout
