# SPDX-License-Identifier: Apache-2.0
"""Kernels before 6.8, where another mount gets the ID of one that is gone: nobody's mount is taken for a lost one."""

import json
from pathlib import Path

import pytest
from mount_lab.records import records_at
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

# What that kernel does not tell is looked up in fdinfo.
OLD_KERNEL = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=statx,move_mount", "-e", "inject=statx:error=ENOSYS")
KILLED = ("-e", "inject=move_mount:signal=SIGKILL:when=1")
# The kernel gives away the lowest ID, which somebody else on this machine can get before us.
ATTEMPTS = 3


@pytest.fixture(params=["go", "rs"])
def sandbox(node, request):
    sandbox = node.sandbox("s", request.param)
    check(run(*OLD_KERNEL, "--", *sandbox.create_command()))
    yield sandbox
    check(run(*OLD_KERNEL, "--", *sandbox.delete_command()))
    assert node.left_over() == []


@pytest.fixture
def share(sandbox, image_of_version):
    def share(name):
        container = sandbox.container(name, image_of_version["6"])
        check(run(*OLD_KERNEL, "--", *container.hand_over_command()))
        return container

    return share


@pytest.fixture
def killed(sandbox, image_of_version):
    """Recorded with the ID of a bind that went with its process."""
    container = sandbox.container("killed", image_of_version["6"])
    run(*OLD_KERNEL, *KILLED, "--", *container.hand_over_command())
    assert recorded_mount(container) != 0
    return container


def record_of(container):
    return container.sandbox.state / ".sandbox.json"


def recorded(container):
    content = json.loads(record_of(container).read_text())
    (found,) = [each for each in content["containers"] if each["id"] == container.name]
    return content, found


def recorded_mount(container):
    return recorded(container)[1]["bind_mount"]


def mount_id(target):
    (line,) = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if line.split()[4] == str(target)]
    return int(line.split()[0])


def unshare(container):
    check(run(*OLD_KERNEL, "--", *container.unshare_command()))


def assert_lives(container):
    assert len(records_at(container.bind())) == len(records_at(container.seen_by_guest())) == 1


def test_id_of_a_killed_hand_over(killed, share):
    containers = [share(f"c{number}") for number in range(ATTEMPTS)]
    assert recorded_mount(killed) not in [recorded_mount(container) for container in containers]
    unshare(killed)
    for container in containers:
        assert_lives(container)


def copy_of(container):
    """The mount that nobody recorded: where the snapshot's bind propagates to."""
    view = {"go": "shared", "rs": "ro"}[container.sandbox.layout]
    return container.sandbox.share / view / container.name / "snapshotdir"


def test_id_that_a_copy_in_the_view_has(killed, share):
    container = share("c")
    content, entry = recorded(killed)
    entry["bind_mount"] = mount_id(copy_of(container))
    content["containers"] = [entry if each["id"] == killed.name else each for each in content["containers"]]
    record_of(killed).write_text(json.dumps(content))
    unshare(killed)
    assert_lives(container)
    assert len(records_at(copy_of(container))) == 1


def test_id_of_a_killed_file_share(share):
    owner = share("owner")
    run(*OLD_KERNEL, *KILLED, "--", *owner.share_file_command("/etc/hostname"))
    assert recorded(owner)[1]["files"][0]["mount"] != 0
    containers = [share(f"c{number}") for number in range(ATTEMPTS)]
    lost = recorded(owner)[1]["files"][0]["mount"]
    assert lost not in [recorded_mount(container) for container in containers]
    # Takes back what the killed call has left.
    check(run(*OLD_KERNEL, "--", *owner.unshare_file_command("owner-0123456789abcdef-x")))
    assert recorded(owner)[1]["files"] == []
    for container in containers:
        assert_lives(container)
