# SPDX-License-Identifier: Apache-2.0
"""Parts of a container that somebody has taken away: a repeated hand-over does not call that shared."""

import pytest
from kata_lab.daemon import mount_points
from kata_lab.refusal import refused_without_a_change
from mount_lab import running
from mount_lab.records import record_at
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]


def stop_serving(container):
    sandbox = container.sandbox
    check(run(sandbox.node.tool, "nydusd", "umount", f"--sandbox={sandbox.name}", f"/rafs/{container.name}/lowerdir"))


def unmount_snapshot(container):
    running.unmount(container.bind())


def unmount_for_guest(container):
    running.unmount(container.seen_by_guest())


LOSSES = {
    "image": (stop_serving, "nydusd does not serve it any more"),
    "snapshot": (unmount_snapshot, "its snapshot directory is not mounted any more"),
    "snapshot-in-guest": (unmount_for_guest, "its snapshot directory is not mounted any more"),
}


@pytest.mark.parametrize("layout", ("go", "rs"))
@pytest.mark.parametrize("name", LOSSES)
def test_repeated_hand_over(node, image_of_version, layout, name):
    lose, what = LOSSES[name]
    sandbox = node.sandbox("s", layout).create()
    container = sandbox.container("c", image_of_version["6"]).hand_over()
    lose(container)
    refused_without_a_change(container.hand_over_command(), "c was handed over", what, "rootfs unshare")
    container.unshare()
    assert mount_points(sandbox.show()["nydusd"]["api_socket"]) == ["/containers"]
    assert record_at(container.bind()) is None and record_at(container.seen_by_guest()) is None
    sandbox.container("d", image_of_version["6"]).hand_over()
    sandbox.delete()
    assert node.left_over() == []
