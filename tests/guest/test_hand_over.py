# SPDX-License-Identifier: Apache-2.0
"""A container's root file system, handed over by the mount helper, in a guest of a real nydusd.

The guest knows the descriptions for Kata's agent and nothing else: each Storage becomes one call of mount(8).
The programs to test are NYDUS_HELPERS and NYDUS_TOOL.
"""

import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

import initramfs
import pytest
from conftest import HERE, static_helpers, unavailable
from conversation import Guest, virtio_fs

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "python"))

from kata_lab import image as images  # noqa: E402
from kata_lab.daemon import mount_points  # noqa: E402
from kata_lab.node import Node  # noqa: E402
from mount_lab.running import run  # noqa: E402
from nydus_stack.private_namespace import enter_private_namespace  # noqa: E402
from nydus_stack.programs import MissingProgram, Programs  # noqa: E402

MODULES = ("virtio_pci", "fuse", "virtiofs", "overlay")
IN_GUEST = "/run/kata-containers/shared/containers"
each_version = pytest.mark.parametrize("version", images.VERSIONS)


def mount_command(storage):
    """What the agent does with a Storage, by mount(8)."""
    words = ["mount", "-t", storage["fstype"]]
    if storage["options"]:
        words += ["-o", ",".join(storage["options"])]
    words += [storage["source"], storage["mount_point"]]
    return shlex.join(["mkdir", "-p", storage["mount_point"]]) + " && " + shlex.join(words)


def left_of(node, sandbox):
    return [line for line in node.left_over() if f"/{sandbox.name}/" in f"{line}/"]


class GuestWithShare:
    """A running guest of a sandbox, with the share mounted."""

    def __init__(self, guest, sandbox, image_of_version):
        self.guest, self.sandbox, self.image_of_version = guest, sandbox, image_of_version
        self._count = 0

    def mount(self, storage):
        self.guest.check(mount_command(storage))

    def new_container(self, version):
        """Handed over, not mounted yet."""
        self._count += 1
        return self.sandbox.container(f"c{self._count}", self.image_of_version[version]).hand_over()

    def start(self, container):
        """Its root file system in the guest."""
        storages = container.storages()
        for storage in storages:
            self.mount(storage)
        return storages[-1]["mount_point"]

    def run_in(self, root, command):
        """By the shell of the image."""
        return self.guest.check(shlex.join(["chroot", root, "/bin/sh", "-c", command]))


@pytest.fixture(scope="session")
def programs(downloads):
    found = Programs()
    try:
        for program in (found.nydusd, found.nydus_image):
            assert os.access(program, os.X_OK)
    except MissingProgram as missing:
        unavailable(str(missing))
    if not static_helpers():
        unavailable("NYDUS_HELPERS names no static mount helper")
    if not os.access(os.environ.get("NYDUS_TOOL", ""), os.X_OK):
        unavailable("NYDUS_TOOL names no nydus-overlayctl")
    try:
        enter_private_namespace()
    except (OSError, subprocess.CalledProcessError) as error:
        unavailable(f"no private mount namespace: {error}")
    return found


@pytest.fixture(scope="session")
def image_of_version(programs, downloads, tmp_path_factory):
    return images.build_all(programs.nydus_image, downloads["busybox"], tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def node(programs, tmp_path_factory):
    helper = next(iter(static_helpers().values()))
    node = Node(tmp_path_factory.mktemp("node"), helper, os.environ["NYDUS_TOOL"], programs.nydusd)
    yield node
    node.close()


@pytest.fixture(scope="session")
def boot(downloads, tmp_path_factory):
    """A function from a kernel and a sandbox to a guest that has just started."""

    def start(kernel, sandbox):
        folder = tmp_path_factory.mktemp(f"guest-{sandbox.name}-")
        kernel_folder = pathlib.Path(downloads[f"kernel-{kernel}"])
        script = (HERE / "cases/conversation.sh").read_text()
        archive = initramfs.build(kernel_folder, pathlib.Path(downloads["busybox"]), script, modules=MODULES)
        (folder / "initramfs").write_bytes(archive)
        vmlinuz = next(kernel_folder.glob("boot/vmlinuz-*"))
        share = virtio_fs(sandbox.show()["nydusd"]["vhost_socket"])
        return Guest(vmlinuz, folder / "initramfs", folder / "console.log", share)

    return start


# Each kernel, each layout, and with the last test below each pair of them.
@pytest.fixture(scope="module", params=[("6.1", "go"), ("6.12", "go"), ("6.1", "rs")], ids="-".join)
def running(request, node, boot, image_of_version):
    """One guest for all tests; each has containers of its own."""
    kernel, layout = request.param
    sandbox = node.sandbox(f"guest-{kernel}-{layout}", layout).create()
    with boot(kernel, sandbox) as guest:
        assert guest.release.startswith(f"{kernel}.")
        share = GuestWithShare(guest, sandbox, image_of_version)
        share.mount(sandbox.show()["agent_storage"])
        yield share
        guest.power_off()
    sandbox.delete()
    assert left_of(node, sandbox) == []


@each_version
def test_program_of_the_image_runs(running, version):
    root = running.start(running.new_container(version))
    assert running.run_in(root, "cat /etc/greeting") == images.GREETING
    assert running.run_in(root, "cat /data/link") == images.GREETING
    shown = running.run_in(root, f"show-attribute /etc/greeting {images.ATTRIBUTE}")
    assert shown == images.ATTRIBUTE_VALUE + "\n"
    assert running.run_in(root, "stat -c %h /data/large") == "2\n"


@each_version
def test_content_is_the_images(running, version):
    root = running.start(running.new_container(version))
    digest = hashlib.sha256(images.large_content()).hexdigest()
    for name in ("large", "large-too"):
        assert running.guest.check(f"sha256sum <{root}/data/{name}").split()[0] == digest


@each_version
def test_what_a_container_writes_is_in_its_snapshot(running, version):
    container = running.new_container(version)
    root = running.start(container)
    running.run_in(root, "echo new >/etc/new; mkdir /of-the-container; echo more >>/etc/changed; rm /etc/unwanted")
    assert (container.upper / "etc/new").read_text() == "new\n"
    assert (container.upper / "of-the-container").is_dir()
    assert (container.upper / "etc/changed").read_text() == "as built\nmore\n"
    assert container.removed_in_upper("etc/unwanted")
    assert running.run_in(root, "ls /etc").split() == ["changed", "greeting", "new"]
    # Nobody wrote to the image itself.
    other = running.start(running.new_container(version))
    assert running.run_in(other, "ls /etc").split() == ["changed", "greeting", "unwanted"]


def test_what_is_handed_over_while_the_guest_runs_is_seen(running):
    missing = f"{pathlib.Path(IN_GUEST).parent}/rafs/late/lowerdir"
    assert running.guest.run(f"ls {missing}").code != 0
    late = running.sandbox.container("late", running.image_of_version["6"]).hand_over()
    assert late.storages()[-1]["options"][2] == f"lowerdir={missing}"
    assert running.run_in(running.start(late), "cat /etc/greeting") == images.GREETING


@each_version
def test_unshare_under_an_open_file(running, node, version):
    kept, taken = running.new_container(version), running.new_container(version)
    kept_root, root = running.start(kept), running.start(taken)
    running.guest.check(f"exec 3>{root}/etc/held 4<{root}/data/large && echo first >&3")
    taken.unshare()
    # The host has nothing left of it but what the container wrote.
    assert not taken.bind().parent.exists()
    assert [line for line in left_of(node, running.sandbox) if f"/{taken.name}" in line] == []
    assert (taken.upper / "etc/held").read_text() == "first\n"
    # The guest has lost the image, and goes on.
    assert running.guest.run(f"cat {root}/etc/greeting").code != 0
    running.guest.run(f"echo second >&3; cat <&4 >/dev/null; ls {root}/etc; exec 3>&- 4<&-")
    running.guest.check(f"umount {root}")
    running.run_in(kept_root, "echo unharmed >/etc/new")
    assert running.run_in(kept_root, "cat /etc/new /etc/greeting") == f"unharmed\n{images.GREETING}"
    assert (kept.upper / "etc/new").read_text() == "unharmed\n"


def test_files_of_the_host(running, tmp_path):
    """Where the tool says; read-only for the guest's root too. What it has open it keeps."""
    file, volume = tmp_path / "resolv.conf", tmp_path / "volume"
    file.write_text("nameserver 192.0.2.1\n")
    volume.mkdir()
    container = running.new_container("6")
    shared = container.share_file(file, "--read-only")
    directory = container.share_file(volume, "--destination=/data")
    assert running.guest.check(f"cat {shared['guest_path']}") == file.read_text()
    refused = running.guest.run(f"echo x >>{shared['guest_path']}")
    assert refused.code != 0 and file.read_text() == "nameserver 192.0.2.1\n"
    running.guest.check(f"echo new >{directory['guest_path']}/new && exec 3>>{directory['guest_path']}/new")
    assert (volume / "new").read_text() == "new\n"
    for each in (shared, directory):
        container.unshare_file(each["guest_path"])
    running.guest.check("echo more >&3; exec 3>&-")
    assert (volume / "new").read_text() == "new\nmore\n"


def test_root_file_system_is_a_directory_of_the_host(running, image_of_version):
    container = running.sandbox.bound_container("bound")
    (container.root / "greeting").write_text("the host's\n")
    container.hand_over()
    root = json.loads((running.sandbox.state / "bound.json").read_text())["root_path"]
    assert running.guest.check(f"cat {root}/greeting") == "the host's\n"
    running.guest.check(f"echo new >{root}/new")
    assert (container.root / "new").read_text() == "new\n"
    container.unshare()
    assert (container.root / "greeting").exists()


def test_guest_plants_a_link_where_a_container_will_be(running, node):
    """Where layout rs lets it write at all."""
    planted = running.guest.run(f"ln -s /etc {IN_GUEST}/planted").code == 0
    assert planted == (running.sandbox.layout == "rs")
    container = running.sandbox.container("planted", running.image_of_version["6"])
    outcome = run(*container.hand_over_command())
    assert outcome.code == (32 if planted else 0), outcome
    assert not pathlib.Path("/etc/rootfs").exists() and not pathlib.Path("/etc/snapshotdir").exists()
    if planted:
        assert "/rafs/planted/lowerdir" not in mount_points(running.sandbox.show()["nydusd"]["api_socket"])
        assert "planted" in outcome.err and outcome.err.count("\n") == 1
        assert [line for line in left_of(node, running.sandbox) if "/planted/" in line] == []


def test_guest_moves_a_container(running, node):
    container = running.new_container("6")
    root = running.start(container)
    running.run_in(root, "echo kept >/kept")
    running.guest.check(f"umount {root}")
    move = f"mv {IN_GUEST}/{container.name} {IN_GUEST}/moved && ln -s /etc {IN_GUEST}/{container.name}"
    assert (running.guest.run(move).code == 0) == (running.sandbox.layout == "rs")
    container.unshare()
    assert f"mount {container.bind().parents[1]}/moved/snapshotdir" not in node.left_over()
    assert str(container.snapshot) not in pathlib.Path("/proc/self/mountinfo").read_text()
    assert (container.upper / "kept").read_text() == "kept\n"


@pytest.mark.parametrize("order", ("guest first", "sandbox first"))
def test_nothing_is_left(node, boot, image_of_version, order):
    sandbox = node.sandbox(order.replace(" ", "-"), "rs").create()
    containers = [sandbox.container(f"c{version}", image).hand_over() for version, image in image_of_version.items()]
    with boot("6.12", sandbox) as guest:
        share = GuestWithShare(guest, sandbox, image_of_version)
        share.mount(sandbox.show()["agent_storage"])
        for container in containers:
            share.run_in(share.start(container), "echo kept >/kept")
        if order == "guest first":
            guest.power_off()
        # nydusd goes on after SIGTERM as long as a guest is there; then it is killed.
        sandbox.delete()
        assert [line for line in left_of(node, sandbox) if not line.startswith("process qemu")] == []
        if order == "sandbox first":
            guest.check("true")
    for container in containers:
        assert (container.upper / "kept").read_text() == "kept\n"
