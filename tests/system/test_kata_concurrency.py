# SPDX-License-Identifier: Apache-2.0
"""Sandboxes side by side, many calls at once for one container, and calls that are repeated."""

import pytest
from kata_lab.daemon import mount_points
from kata_lab.inventory import processes_here
from kata_lab.waiting import start
from mount_lab.records import records_at, table

pytest_plugins = ["kata_lab.fixtures"]

CONTAINERS = 10
AT_ONCE = 50
REPEATED = 10
ROUNDS = 5


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


def outcomes(commands):
    """Runs all at once. Pairs of exit code and what was said of errors."""
    processes = [start(command) for command in commands]
    said = [process.communicate()[1] for process in processes]
    return [(process.returncode, error) for process, error in zip(processes, said)]


def assert_all_succeed(commands):
    assert outcomes(commands) == [(0, "")] * len(commands)


def served(sandbox):
    return mount_points(sandbox.show()["nydusd"]["api_socket"])


def daemons(node):
    return sorted(pid for pid in processes_here() if pid not in node.before.processes)


def test_two_sandboxes(node, image_of_version):
    sandboxes = [node.sandbox("first", "go"), node.sandbox("second", "rs")]
    assert_all_succeed([sandbox.create_command() for sandbox in sandboxes])
    containers = [
        sandbox.container(f"c{number}", image_of_version["56"[number % 2]])
        for sandbox in sandboxes
        for number in range(CONTAINERS)
    ]
    assert_all_succeed([container.hand_over_command() for container in containers])
    for sandbox in sandboxes:
        assert served(sandbox) == ["/containers", *(f"/rafs/c{number}/lowerdir" for number in range(CONTAINERS))]
    for container in containers:
        assert len(records_at(container.bind())) == 1
        (container.upper / "own").write_text(f"{container.sandbox.name} {container.name}")
    for container in containers:
        # As the guest will see it.
        seen = container.seen_by_guest() / "fs" / "own"
        assert seen.read_text() == f"{container.sandbox.name} {container.name}"
    assert_all_succeed([container.unshare_command() for container in containers[::2]])
    assert_all_succeed([sandbox.delete_command() for sandbox in sandboxes])
    assert node.left_over() == []


def test_one_container_at_once(node, image):
    sandbox = node.sandbox("s").create()
    container = sandbox.container("c", image)
    mounts = len(table())
    assert_all_succeed([container.hand_over_command()] * AT_ONCE)
    assert served(sandbox) == ["/containers", "/rafs/c/lowerdir"]
    assert len(records_at(container.bind())) == 1
    # The bind and its copy in the view.
    assert len(table()) == mounts + 2
    sandbox.delete()
    assert node.left_over() == []


def test_one_sandbox_at_once(node):
    sandbox = node.sandbox("s")
    assert_all_succeed([sandbox.create_command()] * REPEATED)
    assert len(daemons(node)) == 1
    assert_all_succeed([sandbox.delete_command()] * REPEATED)
    assert node.left_over() == []


def test_repeated(node, image):
    sandbox = node.sandbox("s").create()
    container = sandbox.container("c", image).hand_over()
    before = (daemons(node), table(), sandbox.show(), served(sandbox), container.storages())
    for _ in range(REPEATED):
        sandbox.create()
        container.hand_over()
    assert (daemons(node), table(), sandbox.show(), served(sandbox), container.storages()) == before
    for _ in range(REPEATED):
        container.unshare()
    for _ in range(REPEATED):
        sandbox.delete()
    assert node.left_over() == []


def test_everything_at_once(node, image):
    """Some of it must fail, in one line that says why; what is left at the end is whole."""
    for round_number in range(ROUNDS):
        sandbox = node.sandbox(f"s{round_number}").create()
        containers = [sandbox.container(f"c{number}", image) for number in range(4)]
        commands = {
            "hand-over": [container.hand_over_command() for container in containers],
            "unshare": [container.unshare_command() for container in containers],
            "delete": [sandbox.delete_command()],
            "create": [sandbox.create_command()],
        }
        order = [*["hand-over", "unshare"] * 2, "delete", "create", *["hand-over", "unshare"] * 2]
        called = [(kind, command) for kind in order for command in commands[kind]]
        succeeded = set()
        for (kind, _), (code, error) in zip(called, outcomes([command for _, command in called])):
            assert (code == 0) == (error == ""), (code, error)
            assert error.count("\n") == (code != 0), error
            if code == 0:
                succeeded.add(kind)
        assert succeeded == set(commands)
        sandbox.delete()
        assert node.left_over() == []
