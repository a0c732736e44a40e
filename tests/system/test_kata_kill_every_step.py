# SPDX-License-Identifier: Apache-2.0
"""The tool is killed at every step of every operation. Whoever calls it next finds all there is, and nothing stays.

What comes next is the same call again, or the one that takes all back.
"""

import time

import pytest
from kata_lab.daemon import mount_points
from kata_lab.node import Container, Sandbox
from mount_lab.records import records_at
from mount_lab.running import run

pytest_plugins = ["kata_lab.fixtures"]

SETTLING_SECONDS = 5


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


def assert_nothing_left(node, name=""):
    """A process whose parent was killed takes a moment to notice."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        left = [line for line in node.left_over() if name in line]
        if not left or time.monotonic() > deadline:
            assert left == []
            return
        time.sleep(0.02)


def assert_shared_once(container):
    assert len(records_at(container.bind())) == 1
    assert len(container.storages()) == 1


@pytest.fixture
def sandbox(node, request):
    """Not made yet; it will have all that a sandbox can have. In the layout rs if a test asks for that."""
    for_all = node.directory / "for-all"
    for_all.mkdir()
    (node.directory / "file-for-all").touch()
    return node.sandbox("s", getattr(request, "param", "go"), f"--bind={for_all},{for_all.with_name('file-for-all')}")


in_each_layout = pytest.mark.parametrize("sandbox", ("go", "rs"), indirect=True)


def create_again(sandbox):
    sandbox.create()
    sandbox.delete()


@pytest.mark.parametrize("next_call", (create_again, Sandbox.delete), ids=("create", "delete"))
def test_create(node, sandbox, killer, next_call):
    killer.learn(sandbox.create_command())
    sandbox.delete()
    for step in killer.each_step():
        killer.kill(sandbox.create_command(), step)
        next_call(sandbox)
        assert_nothing_left(node)
    killer.assert_thorough()


def test_create_beside_a_share_that_is_not_ours(node, sandbox, killer):
    """Kata's own sandbox of that name is there. Whoever takes back what the killed call left does not touch it."""
    sandbox.share.mkdir(parents=True)
    (sandbox.share / "shared").mkdir()
    (sandbox.share / "shared" / "kept").touch()
    killer.learn(sandbox.create_command(), code=2)
    for step in killer.each_step():
        killer.kill(sandbox.create_command(), step)
        sandbox.delete()
        assert (sandbox.share / "shared" / "kept").exists(), step
        assert not sandbox.state.exists()
    killer.assert_thorough()


def hand_over_again(container):
    container.hand_over()
    assert_shared_once(container)
    container.unshare()


@in_each_layout
@pytest.mark.parametrize("next_call", (hand_over_again, Container.unshare), ids=("hand-over", "unshare"))
def test_hand_over(node, sandbox, image, killer, next_call):
    sandbox.create()
    killer.learn(sandbox.container("learned", image).hand_over_command())
    for number, step in enumerate(killer.each_step()):
        container = sandbox.container(f"c{number}", image)
        killer.kill(container.hand_over_command(), step)
        next_call(container)
        assert_nothing_left(node, container.name)
    killer.assert_thorough()
    sandbox.delete()
    assert_nothing_left(node)


@in_each_layout
def test_unshare(node, sandbox, image, killer):
    sandbox.create()
    killer.learn(sandbox.container("learned", image).hand_over().unshare_command())
    for number, step in enumerate(killer.each_step()):
        container = sandbox.container(f"c{number}", image).hand_over()
        killer.kill(container.unshare_command(), step)
        container.unshare()
        assert_nothing_left(node, container.name)
    killer.assert_thorough()
    sandbox.delete()
    assert_nothing_left(node)


@in_each_layout
@pytest.mark.parametrize("operation", ("hand-over", "unshare"))
def test_delete_of_a_sandbox_with_all_that_was_left(node, sandbox, image, killer, operation):
    """Nobody calls for a container again: one delete finds what every kill has left."""

    def command(container):
        if operation == "hand-over":
            return container.hand_over_command()
        return container.hand_over().unshare_command()

    sandbox.create()
    killer.learn(command(sandbox.container("learned", image)))
    for number, step in enumerate(killer.each_step()):
        killer.kill(command(sandbox.container(f"c{number}", image)), step)
    killer.assert_thorough()
    sandbox.delete()
    assert_nothing_left(node)


@pytest.mark.parametrize("next_call", (Sandbox.delete, create_again), ids=("delete", "create"))
def test_delete(node, sandbox, image, killer, next_call):
    sandbox.create()
    sandbox.container("learned", image).hand_over()
    killer.learn(sandbox.delete_command())
    for number, step in enumerate(killer.each_step()):
        sandbox.create()
        sandbox.container(f"c{number}", image).hand_over()
        killer.kill(sandbox.delete_command(), step)
        next_call(sandbox)
        assert_nothing_left(node)
    killer.assert_thorough()


def test_create_after_a_killed_create(node, sandbox, killer):
    """The call that takes back what a killed one has left is killed in turn."""
    killer.learn(sandbox.create_command())
    sandbox.delete()
    first_kill = killer.before_the_record()
    killer.kill_for_another(sandbox.create_command(), first_kill)
    killer.learn(sandbox.create_command())
    sandbox.delete()
    for step in killer.each_step():
        killer.kill_for_another(sandbox.create_command(), first_kill)
        killer.kill(sandbox.create_command(), step)
        create_again(sandbox)
        assert_nothing_left(node)
    killer.assert_thorough()


def test_hand_over_after_a_killed_hand_over(node, sandbox, image, killer):
    sandbox.create()
    killer.learn(sandbox.container("learned", image).hand_over_command())
    first_kill = killer.before_the_record()
    container = sandbox.container("learned-too", image)
    killer.kill_for_another(container.hand_over_command(), first_kill)
    killer.learn(container.hand_over_command())
    for number, step in enumerate(killer.each_step()):
        container = sandbox.container(f"c{number}", image)
        killer.kill_for_another(container.hand_over_command(), first_kill)
        killer.kill(container.hand_over_command(), step)
        hand_over_again(container)
        assert_nothing_left(node, container.name)
    killer.assert_thorough()
    sandbox.delete()
    assert_nothing_left(node)


def test_hand_over_of_a_directory(node, sandbox, killer):
    sandbox.create()
    killer.learn(sandbox.bound_container("learned").hand_over_command())
    for number, step in enumerate(killer.each_step()):
        container = sandbox.bound_container(f"c{number}")
        killer.kill(container.hand_over_command(), step)
        container.hand_over()
        assert len(records_at(container.bind())) == 1
        container.unshare()
        assert_nothing_left(node, container.name)
    killer.assert_thorough()
    sandbox.delete()
    assert_nothing_left(node)


@pytest.fixture
def container(sandbox):
    """Takes files."""
    return sandbox.create().bound_container("c").hand_over()


def share_another(container):
    """No call knows the name that the killed one has given."""
    file = container.share_file("/etc/hostname")
    container.unshare_file(file["name"])


def unshare_another(container):
    container.unshare_file("c-0123456789abcdef-x")


next_call_for_a_file = pytest.mark.parametrize("next_call", (share_another, unshare_another), ids=("share", "unshare"))


def assert_no_file(node, container):
    """Unless the kill came when all was done."""
    (shown,) = container.sandbox.show()["containers"]
    for name in shown.get("files", []):
        container.unshare_file(name)
    assert_nothing_left(node, "-hostname")


@next_call_for_a_file
def test_file_share(node, container, killer, next_call):
    command = container.share_file_command("/etc/hostname", "--read-only")
    killer.learn(command)
    for step in killer.each_step():
        killer.kill(command, step)
        next_call(container)
        assert_no_file(node, container)
    killer.assert_thorough()
    container.sandbox.delete()
    assert_nothing_left(node)


@next_call_for_a_file
def test_file_unshare(node, container, killer, next_call):
    killer.learn(container.unshare_file_command(container.share_file("/etc/hostname")["name"]))
    for step in killer.each_step():
        killer.kill(container.unshare_file_command(container.share_file("/etc/hostname")["name"]), step)
        next_call(container)
        assert_no_file(node, container)
    killer.assert_thorough()
    container.sandbox.delete()
    assert_nothing_left(node)


@pytest.mark.parametrize("last_word", ("rootfs unshare", "sandbox delete"))
def test_what_kills_of_file_share_left(node, container, killer, last_word):
    """Every kill leaves something to the next one, and the last call of all takes the rest."""
    command = container.share_file_command("/etc/hostname")
    killer.learn(command)
    for step in killer.each_step():
        killer.kill(command, step)
    killer.assert_thorough()
    if last_word == "rootfs unshare":
        container.unshare()
        assert_nothing_left(node, "-hostname")
    container.sandbox.delete()
    assert_nothing_left(node)


def test_unshare_of_a_container_with_files(node, sandbox, killer):
    def shared(name):
        container = sandbox.bound_container(name).hand_over()
        container.share_file("/etc/hostname")
        return container

    sandbox.create()
    killer.learn(shared("learned").unshare_command())
    for number, step in enumerate(killer.each_step()):
        container = shared(f"c{number}")
        killer.kill(container.unshare_command(), step)
        container.unshare()
        assert_nothing_left(node, container.name)
    killer.assert_thorough()
    sandbox.delete()
    assert_nothing_left(node)


# Around a nydusd of somebody else


@pytest.fixture
def start_another(start_nydusd):
    """A new nydusd at each call; the one before it ends."""
    started = []

    def start():
        for former in started[-1:]:
            former.end()
        started.append(start_nydusd(f"foreign-{len(started)}"))
        return started[-1]

    return start


def run_unless_served(command, nydusd):
    """What nydusd has never mounted does not bar it, and it mounts no share a second time. True if it was not barred."""
    outcome = run(*command)
    assert outcome.code == 0 or "has served sandbox 's' already" in outcome.err, outcome
    assert nydusd.log.read_text().count(" mounted at /containers") == 1
    return outcome.code == 0


def assert_released(node, nydusd):
    assert mount_points(nydusd.api_socket) == []
    nydusd.end()
    assert_nothing_left(node)


def create_it_again(sandbox, nydusd):
    run_unless_served(sandbox.create_command(), nydusd)
    sandbox.delete()


def delete_and_create_another(sandbox, nydusd):
    sandbox.delete()
    other = sandbox.node.sandbox_around(nydusd, "other")
    run_unless_served(other.create_command(), nydusd)
    other.delete()


@pytest.mark.parametrize("next_call", (create_it_again, delete_and_create_another), ids=("create", "delete"))
def test_create_around_a_nydusd(node, start_another, killer, next_call):
    sandbox = node.sandbox_around(start_another(), "s")
    killer.learn(sandbox.create_command())
    sandbox.delete()
    for step in killer.each_step():
        nydusd = start_another()
        sandbox = node.sandbox_around(nydusd, "s")
        killer.kill(sandbox.create_command(), step)
        next_call(sandbox, nydusd)
        assert_released(node, nydusd)
    killer.assert_thorough()


def test_hand_over_that_makes_its_sandbox(node, image, start_another, killer):
    def command(container):
        words = f"nydus.apisock={container.sandbox.api_socket},nydus.layout=rs"
        return container.hand_over_command(f"{words},{container.options()}")

    def container_around(nydusd, name):
        return Sandbox(node, "s", "rs", api_socket=nydusd.api_socket).container(name, image)

    container = container_around(start_another(), "learned")
    killer.learn(command(container))
    container.sandbox.delete()
    for number, step in enumerate(killer.each_step()):
        nydusd = start_another()
        container = container_around(nydusd, f"c{number}")
        killer.kill(command(container), step)
        if run_unless_served(command(container), nydusd):
            assert_shared_once(container)
        container.sandbox.delete()
        assert_released(node, nydusd)
    killer.assert_thorough()
