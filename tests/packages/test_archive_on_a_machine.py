# SPDX-License-Identifier: Apache-2.0
"""The unpacked archive on a whole Debian: installed by its own script, used by mount(8), mount.fuse and containerd."""

import pytest
from nydus_stack import layers
from package_lab.debian_node import start_container
from package_lab.installed import FOLDER
from package_lab.sample_mount import SampleMount

pytest_plugins = ["node_lab.fixtures"]

INSTALLER = f"{FOLDER}/archive/install.sh"
GO_PLACE = "/usr/local/bin/nydus-overlayfs"


@pytest.fixture
def unpacked(node, archive):
    """The machine with the archive, and what else is on it."""
    before = node.files()
    node.root.copy_in(archive, f"{FOLDER}/archive")
    return before


def test_mount_and_mount_fuse_find_the_helper_in_usr_local(node, unpacked):
    node.run([INSTALLER])
    mount = SampleMount(node)
    for by in (mount.by_mount, mount.by_mount_fuse):
        by()
        mount.assert_works()
        mount.unmount()
    node.run(["rm", "-r", "/tmp/sample"])
    node.run([INSTALLER, "--uninstall"])
    assert node.files() == unpacked


def test_containers_on_the_way_there_and_back(node, unpacked, go_helper, show_user_ids):
    """That set-user-ID programs work shows whose mount it is."""
    node.root.copy_in(go_helper, GO_PLACE)
    of_go = f"effective {layers.USER_ID} real {layers.USER_ID}\n"
    assert of_go in start_container(node, show_user_ids).output
    node.run([INSTALLER])
    start_container(node, show_user_ids).assert_all_works()
    node.run([INSTALLER, "--uninstall"])
    assert of_go in start_container(node, show_user_ids).output
