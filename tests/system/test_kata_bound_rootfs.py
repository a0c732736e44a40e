# SPDX-License-Identifier: Apache-2.0
"""A directory of the host as a container's root file system: rootfs share --directory, with the real nydusd."""

import json
import os

import pytest
from kata_lab.refusal import WRONG_CALL, refused, refused_without_a_change
from mount_lab import running
from mount_lab.payloads import kata_volume
from mount_lab.records import records_at
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

IN_GUEST = "/run/kata-containers/shared/containers/"
MOST_CONTAINERS = 254
MOST_MOUNTS = 255


@pytest.fixture(params=["go", "rs"])
def sandbox(request, node):
    """In both layouts; nothing is left of it."""
    sandbox = node.sandbox("s", request.param).create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def container(sandbox):
    return sandbox.bound_container("c").hand_over()


def test_root_file_system(container):
    (container.root / "greeting").write_text("the host's\n")
    assert (container.seen_by_guest() / "greeting").read_text() == "the host's\n"
    (container.seen_by_guest() / "new").write_text("the guest's\n")
    assert (container.root / "new").read_text() == "the guest's\n"
    description = json.loads((container.sandbox.state / "c.json").read_text())
    assert description == {"storages": [], "root_path": f"{IN_GUEST}c/rootfs"}
    shown = json.loads(check(run(*container.hand_over_command(), "--show")).out)
    assert shown == description
    container.unshare()
    assert os.listdir(container.bind().parents[1]) == []
    assert (container.root / "new").exists()
    refused_without_a_change(container.hand_over_command(), "was taken back from this nydusd")


def test_root_file_system_again(container, tmp_path):
    container.hand_over()
    assert len(records_at(container.bind())) == 1
    refused_without_a_change([*container.share_command(), f"--directory={tmp_path}"], "shared already, and differently")
    container.root.rename(container.root.with_name("old"))
    container.root.mkdir()
    refused_without_a_change(container.hand_over_command(), "shared already, and differently")
    container.root.rmdir()
    container.root.with_name("old").rename(container.root)
    container.hand_over()
    running.unmount(container.bind())
    refused_without_a_change(container.hand_over_command(), "its root file system is not mounted any more")


def test_wrong_root_file_system(sandbox, tmp_path):
    command = sandbox.bound_container("c").share_command()
    for words, phrase, code in (
        (["--directory=/nowhere"], "directory '/nowhere': No such file", None),
        (["--directory=/etc/hostname"], "Not a directory", None),
        (["--directory=here"], "is not an absolute path", WRONG_CALL),
        (["/etc/hostname", f"--directory={tmp_path}"], "takes no file of options", WRONG_CALL),
    ):
        refused_without_a_change([*command, *words], phrase, code=code)


def test_more_root_file_systems_than_a_sandbox_takes(sandbox, container, tmp_path):
    """Those that were taken back count: their names are spent. They are not mounts of nydusd's, and mounts are none."""
    record = sandbox.state / ".sandbox.json"
    state = json.loads(record.read_text())
    (spent,) = state["containers"]
    spent |= {"phase": "spent", "bind_mount": 0}
    container.unshare()
    state["containers"] = [spent | {"id": f"c{number}"} for number in range(MOST_CONTAINERS - 1)]
    record.write_text(json.dumps(state))
    sandbox.bound_container("last").hand_over()
    command = sandbox.bound_container("more").hand_over_command()
    refused_without_a_change(command, "sandbox s has had 254 containers, all that it can take")
    mount = ("mount", "/m", "--type=passthrough_fs", f"--source={tmp_path}", "--sandbox=s")
    check(run(sandbox.node.tool, "nydusd", *mount))


def test_root_file_system_beside_a_nydusd_that_can_make_no_more_mounts(sandbox, image_of_version):
    """It makes none for it. So it is with what the guest pulls."""
    record = sandbox.state / ".sandbox.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"mounts_made": MOST_MOUNTS}))
    sandbox.bound_container("c").hand_over().unshare()
    pulled = {"volume_type": "image_guest_pull", "source": "busybox", "image_pull": {"metadata": {"k": "v"}}}
    container = sandbox.container("pulled", image_of_version["6"])
    check(run(*container.hand_over_command(kata_volume(pulled))))
    refused_without_a_change(sandbox.container("i", image_of_version["6"]).hand_over_command(), "255 mounts, all")


def test_root_file_system_on_a_mount_that_was_made_private(node):
    sandbox = node.sandbox("s").create()
    container = sandbox.bound_container("c")
    before = node.left_over()
    node.propagate(False)
    refused(container.hand_over_command(), "does not propagate", "/c/rootfs")
    assert node.left_over() == before and sandbox.show()["containers"] == []
    sandbox.delete()
    assert node.left_over() == []
