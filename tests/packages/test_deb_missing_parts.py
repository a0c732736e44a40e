# SPDX-License-Identifier: Apache-2.0
"""A part that is missing is named, and the package that has it."""

from package_lab.debian_node import examine, start_container
from package_lab.installed import TOOL, TOOL_PACKAGE
from package_lab.sample_mount import SampleMount
from package_lab.selection import on_debian_12

MISSING_TOOL = 2
# How containerd 1.6 and 1.7 say that a program is not there.
NO_MOUNT_FUSE = {
    "debian12": "mount.fuse resolves to executable in current directory",
    "debian13": 'exec: "mount.fuse": executable file not found in $PATH',
}


def test_without_fuse3_containerd_names_mount_fuse_and_doctor_the_package(node, packages, show_user_ids):
    node.install(*packages.both)
    node.run(["dpkg", "--force-depends", "--remove", "fuse3"])
    started = start_container(node, show_user_ids)
    assert started.status != 0
    assert NO_MOUNT_FUSE[node.root.release] in started.errors
    explained = node.run(["nydus-overlayctl", "inspect"], input=started.errors).stdout
    assert "install fuse3" in explained, explained
    finding = started.report().named("mount-fuse-missing")[0]
    assert finding["severity"] == "error"
    assert "install the package fuse3" in str(finding)


def test_without_fuse3_mount_works_all_the_same(plain, packages):
    plain.run(["dpkg", "--force-depends", "--install", *plain.put([packages.helper])])
    mount = SampleMount(plain)
    mount.by_mount()
    mount.assert_works()
    mount.unmount()


@on_debian_12
def test_apt_installs_the_fuse3_that_was_forced_away(plain, packages):
    plain.run(["dpkg", "--force-depends", "--install", *plain.put([packages.helper])])
    plain.apt("install", "--fix-broken")
    assert plain.is_installed("fuse3")


def test_without_the_tool_mode_kata_names_its_package_and_other_mounts_work(plain, packages):
    plain.install(packages.helper)
    mount = SampleMount(plain)
    done = mount.by_mount("nydus.mode=kata", "nydus.container=c", "nydus.sandbox=s", check=False)
    assert done.returncode == MISSING_TOOL, done.stderr
    assert TOOL in done.stderr and TOOL_PACKAGE in done.stderr
    assert not mount.is_there()
    mount.by_mount_fuse()
    mount.assert_works()
    mount.unmount()


@on_debian_12
def test_doctor_of_a_tool_without_helper_names_the_package(plain, packages):
    plain.install(packages.tool)
    assert "install the package nydus-overlayfs" in str(examine(plain).named("helper-missing"))
