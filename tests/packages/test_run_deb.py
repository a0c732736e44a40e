# SPDX-License-Identifier: Apache-2.0
"""The installed package works on a node of that Debian: mount(8), mount.fuse, containerd, runc, doctor."""

import subprocess

from package_lab.artefacts import artefact
from package_lab.debian_node import examine, start_container
from package_lab.installed import HELPER_PACKAGE, TOOL_PACKAGE
from package_lab.sample_mount import SampleMount

TESTED_TREE = "/tmp/tree"
# autopkgtest(1): 2 means that at least one test was skipped.
ALL_PASSED = 0


def test_mount_and_mount_fuse_find_the_helper_and_plain_umount_ends_it(plain, packages):
    plain.install(packages.helper)
    mount = SampleMount(plain)
    for by in (mount.by_mount, mount.by_mount_fuse):
        by()
        mount.assert_works()
        mount.unmount()


def test_fstab_and_mount_all(plain, packages):
    plain.install(packages.helper)
    mount = SampleMount(plain)
    plain.root.path("/etc/fstab").write_text(
        f"overlay {mount.target} fuse.nydus-overlayfs {mount.options('nofail', 'x-systemd.requires=x')} 0 0\n"
    )
    plain.run(["mount", "-a"])
    mount.assert_works()
    mount.unmount()


def test_containerd_and_runc_start_a_container_with_a_set_user_id_program(node, packages, show_user_ids):
    node.install(*packages.both)
    started = start_container(node, show_user_ids)
    started.assert_all_works()
    assert started.report().named("helper")[0]["severity"] == "ok"


def test_doctor_finds_nothing_wrong_with_a_node_after_installation(node, packages):
    node.install(*packages.both)
    report = examine(node)
    for name in ("mount-fuse", "helper", "mount8-helper", "tool"):
        assert report.severities(name) == {"ok"}, report.text()


def test_autopkgtest_passes(node, packages, release, tmp_path):
    source = artefact(release, HELPER_PACKAGE, ".dsc")
    subprocess.run(
        ["dpkg-source", "--no-check", "-x", source, tmp_path / "tree"], check=True, stdout=subprocess.DEVNULL
    )
    # By this file it counts as built, and no compiler is installed for it.
    (tmp_path / "tree/debian/files").touch()
    node.root.copy_in(tmp_path / "tree", TESTED_TREE)
    command = ["autopkgtest", "--no-built-binaries", *node.put(packages.both), f"{TESTED_TREE}/", "--", "null"]
    done = node.run(command, check=False)
    assert done.returncode == ALL_PASSED, done.stdout[-5000:] + done.stderr[-5000:]
    assert node.is_installed(TOOL_PACKAGE)
