# SPDX-License-Identifier: Apache-2.0
"""What a hostile guest does in its share between two calls, and mounts that somebody plants at recorded names.

In the layout rs a guest writes in rw/. What it does there through nydusd is done here directly: nydusd serves the
directory as root, from the same mount namespace.
"""

import errno
import os

import pytest
from kata_lab.daemon import mount_points
from kata_lab.picture import take_picture, unchanged
from kata_lab.refusal import refused
from mount_lab import running
from mount_lab.records import mounts_of, records_at
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

# A snapshot is mounted in rw/, and its copy in ro/.
BOTH_VIEWS = 2
# More bytes than a path may have.
DEEP = 18
LONG_NAME = "x" * 250


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


@pytest.fixture
def victim(tmp_path):
    """A directory of the host, which nothing may change."""
    victim = tmp_path / "victim"
    for name in ("c", "rootfs", "snapshotdir", "fs", "work", "sandbox-mounts"):
        (victim / name).mkdir(parents=True)
        (victim / name / "precious").write_text("the host's")
    before = take_picture(victim)
    yield victim
    assert [line for line in before if line.startswith("file")] == [
        line for line in take_picture(victim) if line.startswith("file")
    ]


@pytest.fixture
def sandbox(node, tmp_path):
    """With rw/ in a guest's hands. It can be deleted in the end, whatever happened."""
    bound = tmp_path / "bound"
    bound.mkdir()
    (bound / "precious").write_text("bound")
    sandbox = node.sandbox("s", "rs", f"--bind={bound}").create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []
    assert (bound / "precious").read_text() == "bound"


@pytest.fixture
def guest(sandbox):
    """The share as the guest sees it."""
    return sandbox.share / "rw"


def plant_link(place, victim):
    place.symlink_to(victim)


def plant_relative_link(place, victim):
    place.symlink_to(os.path.relpath(victim, place.parent))


def plant_dangling_link(place, victim):
    place.symlink_to(victim / "missing")


def plant_file(place, victim):
    place.write_text("the guest's")


def plant_pipe(place, victim):
    os.mkfifo(place)


def plant_directory(place, victim):
    (place / "snapshotdir" / "fs").mkdir(parents=True)
    (place / "rootfs").symlink_to(victim)


PLANTS = (plant_link, plant_relative_link, plant_dangling_link, plant_file, plant_pipe, plant_directory)
each_plant = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)


# Before a hand-over


@each_plant
def test_where_a_container_will_be(sandbox, image, guest, victim, plant):
    container = sandbox.container("c", image)
    before = (mount_points(sandbox.show()["nydusd"]["api_socket"]), mounts_of(container.snapshot))
    plant(guest / "c", victim)
    refused(container.hand_over_command(), "c")
    assert (mount_points(sandbox.show()["nydusd"]["api_socket"]), mounts_of(container.snapshot)) == before
    assert not (sandbox.state / "c.json").exists()
    other = sandbox.container("d", image).hand_over()
    other.unshare()


@pytest.mark.parametrize("name", ["fs", "work"])
def test_link_in_the_snapshot_for_the_next_hand_over(sandbox, image, victim, name):
    container = sandbox.container("c", image).hand_over()
    part = container.seen_by_guest() / name
    part.rename(container.seen_by_guest() / "moved")
    part.symlink_to(victim / name)
    container.unshare()
    container.name = "again"
    outcome = run(*container.hand_over_command())
    assert outcome.code != 0, outcome
    assert mounts_of(victim) == 0 and mounts_of(container.snapshot) == 0


# Between hand-over and unshare


@each_plant
def test_instead_of_a_container(sandbox, image, guest, victim, plant):
    """Its bind cannot be moved, but the directory that holds it can."""
    container = sandbox.container("c", image).hand_over()
    (container.upper / "kept").write_text("kept")
    (guest / "c").rename(guest / "moved")
    plant(guest / "c", victim)
    container.unshare()
    assert mounts_of(container.snapshot) == 0
    assert (container.upper / "kept").read_text() == "kept"
    assert not os.path.lexists(guest / "c")


@each_plant
def test_instead_of_a_root_file_system(sandbox, image, guest, victim, plant):
    container = sandbox.container("c", image).hand_over()
    (guest / "c/rootfs").rename(guest / "c/moved")
    plant(guest / "c/rootfs", victim)
    container.unshare()
    assert mounts_of(container.snapshot) == 0
    assert not os.path.lexists(guest / "c")


def bury(directory, name):
    """Moves it so deep that its path is longer than any that a system call takes."""
    top = place = os.open(directory, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir(LONG_NAME, dir_fd=place)
        below = os.open(LONG_NAME, os.O_RDONLY, dir_fd=place)
        if place != top:
            os.close(place)
        place = below
    os.rename(name, name, src_dir_fd=top, dst_dir_fd=place)
    os.close(place)
    os.close(top)


@pytest.mark.parametrize("last_word", ["unshare", "delete"])
def test_container_below_a_path_without_end(sandbox, image, guest, last_word):
    container = sandbox.container("c", image).hand_over()
    (container.upper / "kept").write_text("kept")
    bury(guest, "c")
    if last_word == "unshare":
        container.unshare()
    else:
        sandbox.delete()
    assert mounts_of(container.snapshot) == 0
    assert (container.upper / "kept").read_text() == "kept"


@pytest.fixture
def exchanged(sandbox, image, guest):
    """Two containers, each in the place of the other."""
    one, two = (sandbox.container(name, image).hand_over() for name in ("one", "two"))
    (guest / "one").rename(guest / "other")
    (guest / "two").rename(guest / "one")
    (guest / "other").rename(guest / "two")
    return one, two


def test_exchanged_containers_are_taken_back(exchanged):
    """Each has its own snapshot taken back, wherever it is by now; the directory goes when it is free."""
    one, two = exchanged
    refused(one.unshare_command(), "something is mounted there")
    assert (mounts_of(one.snapshot), mounts_of(two.snapshot)) == (0, BOTH_VIEWS)
    two.unshare()
    one.unshare()
    assert (mounts_of(one.snapshot), mounts_of(two.snapshot)) == (0, 0)


def test_exchanged_containers_are_deleted(exchanged, sandbox):
    sandbox.delete()
    assert [mounts_of(container.snapshot) for container in exchanged] == [0, 0]


@pytest.fixture
def nested(sandbox, image, guest):
    outer, inner = (sandbox.container(name, image).hand_over() for name in ("outer", "inner"))
    (inner.upper / "kept").write_text("kept")
    (guest / "inner").rename(guest / "outer/rootfs/inner")
    yield outer, inner
    assert (inner.upper / "kept").read_text() == "kept"


def test_container_inside_another_one_is_taken_back(nested):
    outer, inner = nested
    refused(outer.unshare_command(), "something is mounted there")
    assert mounts_of(inner.snapshot) == BOTH_VIEWS
    inner.unshare()
    outer.unshare()


def test_container_inside_another_one_is_deleted(nested, sandbox):
    sandbox.delete()
    assert [mounts_of(container.snapshot) for container in nested] == [0, 0]


@each_plant
@pytest.mark.parametrize("last_word", ["unshare", "delete"])
def test_what_a_guest_has_written_beside_its_containers(sandbox, image, guest, victim, plant, last_word):
    container = sandbox.container("c", image).hand_over()
    plant(guest / "own", victim)
    plant(guest / "c/own", victim)
    deep = guest / "c/deep"
    for _ in range(100):
        deep = deep / "d"
    deep.mkdir(parents=True)
    if last_word == "unshare":
        container.unshare()
        assert not os.path.lexists(guest / "c")
        assert os.path.lexists(guest / "own")
    # The fixture deletes the sandbox.


# Files and root file systems of the host


@each_plant
def test_where_a_root_file_system_will_be(sandbox, guest, victim, plant):
    container = sandbox.bound_container("c")
    plant(guest / "c", victim)
    refused(container.hand_over_command(), "which is not ours")
    assert mounts_of(container.root) == 0


@each_plant
def test_instead_of_a_bound_root_file_system(sandbox, guest, victim, plant):
    container = sandbox.bound_container("c").hand_over()
    (container.root / "kept").write_text("kept")
    (guest / "c").rename(guest / "moved")
    plant(guest / "c", victim)
    container.unshare()
    assert mounts_of(container.root) == 0
    assert (container.root / "kept").read_text() == "kept"
    assert not os.path.lexists(guest / "c")


@each_plant
@pytest.mark.parametrize("last_word", ["file", "container", "sandbox"])
def test_instead_of_a_shared_file(sandbox, guest, victim, plant, last_word):
    """It cannot be replaced as long as it is mounted; somebody has unmounted it."""
    container = sandbox.bound_container("c").hand_over()
    source = sandbox.node.directory / "volume"
    source.mkdir()
    (source / "kept").write_text("kept")
    file = container.share_file(source)
    place = guest / file["name"]
    for action in (place.rmdir, lambda: place.rename(guest / "moved")):
        with pytest.raises(OSError) as refusal:
            action()
        assert refusal.value.errno == errno.EBUSY
    plant(place / "of-the-guest", victim)
    running.unmount(place)
    place.rename(guest / "moved")
    plant(place, victim)
    if last_word == "file":
        container.unshare_file(file["name"])
    elif last_word == "container":
        container.unshare()
    else:
        sandbox.delete()
    assert mounts_of(source) == 0
    assert (source / "kept").read_text() == "kept" and os.path.lexists(source / "of-the-guest")
    assert not os.path.lexists(place)


# Before the sandbox is deleted


@each_plant
def test_instead_of_what_all_containers_see(sandbox, guest, victim, plant):
    (guest / "sandbox-mounts").rename(guest / "moved")
    plant(guest / "sandbox-mounts", victim)


def test_nothing_where_all_containers_see_something(sandbox, guest):
    (guest / "sandbox-mounts").rename(guest / "moved")


def test_moved_containers_and_a_dead_nydusd(sandbox, image, guest, victim):
    container = sandbox.container("c", image).hand_over()
    (guest / "c").rename(guest / "moved")
    (guest / "c").symlink_to(victim)
    check(run(sandbox.node.tool, "nydusd", "stop", f"--sandbox={sandbox.name}"))
    sandbox.delete()
    assert mounts_of(container.snapshot) == 0


# Mounts that somebody has planted


def plant_mount(place):
    running.mount("planted", place, "tmpfs")
    (place / "precious").write_text("planted")


def assert_stays(place):
    assert records_at(place)[-1].source == "planted"
    assert (place / "precious").read_text() == "planted"
    running.unmount(place)


@pytest.mark.parametrize("layout", ["go", "rs"])
@pytest.mark.parametrize("name", ["", "rootfs", "snapshotdir"])
def test_mount_on_a_container(node, image, layout, name):
    sandbox = node.sandbox("s", layout).create()
    container = sandbox.container("c", image).hand_over()
    place = container.bind().parent / name
    plant_mount(place)
    for command in (container.unshare_command(), sandbox.delete_command()):
        refused(command)
    assert_stays(place)
    sandbox.delete()
    assert node.left_over() == []


@pytest.mark.parametrize("layout", ["go", "rs"])
@pytest.mark.parametrize("name", ["served", "submounts", "whole"])
def test_mount_on_a_sandbox(node, image, layout, name):
    sandbox = node.sandbox("s", layout).create()
    container = sandbox.container("c", image).hand_over()
    place = {
        "served": container.seen_by_guest().parents[1],
        "submounts": container.bind().parents[1],
        "whole": sandbox.share,
    }[name]
    plant_mount(place)
    outcome = run(*sandbox.container("d", image).hand_over_command())
    assert outcome.code != 0, outcome
    outcome = run(*sandbox.delete_command())
    assert outcome.code != 0, outcome
    assert_stays(place)
    sandbox.delete()
    assert node.left_over() == []


def test_other_mount_on_an_unmounted_place(node, image):
    """Somebody has unmounted the snapshot and put something else there."""
    sandbox = node.sandbox("s").create()
    container = sandbox.container("c", image).hand_over()
    running.unmount(container.bind())
    plant_mount(container.bind())
    refused(container.unshare_command(), "something is mounted there")
    assert_stays(container.bind())
    container.unshare()
    sandbox.delete()
    assert node.left_over() == []


def test_somebody_elses_directory_in_place_of_a_sandbox(node, victim):
    sandbox = node.sandbox("s")
    sandbox.share.mkdir(parents=True)
    (sandbox.share / "mounts").symlink_to(victim)
    with unchanged(sandbox.share):
        refused(sandbox.create_command(), str(sandbox.share))
    assert not sandbox.state.exists()
