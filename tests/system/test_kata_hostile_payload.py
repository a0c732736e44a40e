# SPDX-License-Identifier: Apache-2.0
"""Payloads that would give a guest a directory of the host to write in. Each is refused, and nothing changes."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest
from kata_lab.picture import unchanged
from mount_lab.running import check, private_copy, run

pytest_plugins = ["kata_lab.fixtures"]

REFUSED = 1
NOT_USABLE = 32


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


@pytest.fixture
def sandbox(node):
    sandbox = node.sandbox("s").create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def victim(tmp_path):
    """A directory of the host that looks like a snapshot."""
    victim = tmp_path / "victim"
    for part in ("fs", "work"):
        (victim / part).mkdir(parents=True)
        (victim / part / "precious").write_text("the host's")
    return victim


class PointedContainer:
    """A container whose payload says what it likes, beside the options of its mount."""

    def __init__(self, sandbox, image):
        self.container = sandbox.container("c", image)
        self.directories = {"upperdir": self.container.upper, "workdir": self.container.snapshot / "work"}

    def command(self, snapshot_directory):
        words = [f"{name}={path}" for name, path in self.directories.items()]
        return self.container.hand_over_command(",".join([*words, self.container.payload(snapshot_directory)]))

    def assert_refused(self, snapshot_directory, *words, code=REFUSED):
        node = self.container.sandbox.node
        with unchanged("/run", node.directory):
            outcome = run(*self.command(snapshot_directory))
            assert outcome.code == code, outcome
            assert outcome.err.count("\n") == 1
            for word in words:
                assert word in outcome.err, outcome

    def assert_taken(self, snapshot_directory):
        check(run(*self.command(snapshot_directory)))
        self.container.unshare()


@pytest.fixture
def pointed(sandbox, image):
    return PointedContainer(sandbox, image)


@contextmanager
def snapshot_root(directory, root):
    """The node's configuration names a directory with snapshots."""
    with private_copy("/etc", directory) as etc:
        (etc / "nydus-overlayfs").mkdir(exist_ok=True)
        (etc / "nydus-overlayfs/config.toml").write_text(f'snapshot_roots = ["{root}"]\n')
        yield


def test_bootstrap_that_is_a_pipe(pointed, tmp_path):
    """nydusd would wait for somebody who writes, and never answer again."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    container = pointed.container
    container.image = replace(container.image, bootstrap=pipe)
    pointed.assert_refused(container.snapshot, "source: is not a regular file")
    assert container.sandbox.show()["nydusd"]["state"] == "RUNNING"


NO_SNAPSHOT = "neither the parent of upperdir and workdir nor below a snapshot root"


@pytest.mark.parametrize("path", ["/etc", "/root", "/run", "/proc/self/cwd"])
def test_directory_of_the_host(pointed, path):
    pointed.assert_refused(path, NO_SNAPSHOT)


def test_snapshot_of_another_container(pointed, victim):
    pointed.assert_refused(victim, NO_SNAPSHOT)


@pytest.mark.parametrize(
    "path", ["/", "../../etc", "etc", "/etc/../etc", "/./etc", "//etc", "/etc/", "/etc\0", "/etc\n/fs"], ids=repr
)
def test_path_that_is_not_plain(pointed, path):
    pointed.assert_refused(path)


def test_own_snapshot_by_a_longer_way(pointed):
    snapshot = pointed.container.snapshot
    pointed.assert_refused(f"{snapshot}/fs/..")
    pointed.assert_refused(f"{snapshot}/")
    pointed.assert_taken(snapshot)


def test_link_to_the_own_snapshot(pointed, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(pointed.container.snapshot)
    pointed.assert_refused(link)


def test_without_directories_of_the_mount(pointed):
    snapshot = pointed.container.snapshot
    del pointed.directories["workdir"]
    pointed.assert_refused(snapshot)
    pointed.directories.clear()
    pointed.assert_refused(snapshot, NO_SNAPSHOT)


def test_directories_of_the_mount_in_two_snapshots(pointed, victim):
    pointed.directories["workdir"] = victim / "work"
    pointed.assert_refused(victim, NO_SNAPSHOT)
    pointed.assert_refused(pointed.container.snapshot, NO_SNAPSHOT)


@pytest.mark.parametrize("name", ["fs", "work"])
def test_link_that_a_guest_has_left_in_its_snapshot(pointed, victim, name):
    """A guest writes in the snapshot directory, and may prepare it for the next container."""
    snapshot = pointed.container.snapshot
    os.rmdir(snapshot / name)
    (snapshot / name).symlink_to(victim / name)
    pointed.assert_refused(snapshot, code=NOT_USABLE)


def test_links_that_lead_to_another_snapshot(pointed, victim):
    """With these the directories of the mount have the parent that the payload names."""
    snapshot = pointed.container.snapshot
    for name in ("fs", "work"):
        os.rmdir(snapshot / name)
        (snapshot / name).symlink_to(victim / name)
    pointed.assert_refused(victim, "upperdir", code=NOT_USABLE)


@pytest.mark.parametrize("name", ["fs", "work"])
def test_snapshot_without_one_of_its_directories(pointed, name):
    snapshot = pointed.container.snapshot
    part = {"fs": "upperdir", "work": "workdir"}[name]
    (snapshot / name).rename(snapshot / "renamed")
    pointed.directories[part] = snapshot / "renamed"
    pointed.assert_refused(snapshot, f"holds no directory {name}")


# With a root for snapshots in the configuration


@pytest.fixture
def rooted(pointed, tmp_path):
    """The mount names no directories: what lies below the root is taken."""
    pointed.directories.clear()
    (tmp_path / "scratch").mkdir()
    with snapshot_root(tmp_path / "scratch", pointed.container.snapshot.parent):
        yield pointed


def test_snapshot_below_a_root(rooted):
    rooted.assert_taken(rooted.container.snapshot)


def test_root_itself_and_what_is_beside_it(rooted, victim):
    root = rooted.container.snapshot.parent
    rooted.assert_refused(root)
    rooted.assert_refused(victim, NO_SNAPSHOT)
    shutil.copytree(victim, f"{root}-beside")
    rooted.assert_refused(f"{root}-beside", NO_SNAPSHOT)
    rooted.assert_refused(f"{root}/../{victim.name}")
    rooted.assert_refused("/etc", NO_SNAPSHOT)


def test_link_below_a_root(rooted, victim):
    root = rooted.container.snapshot.parent
    (root / "link").symlink_to(victim)
    (root / "parent").symlink_to(victim.parent)
    rooted.assert_refused(root / "link", code=NOT_USABLE)
    rooted.assert_refused(root / "parent" / victim.name, code=NOT_USABLE)
