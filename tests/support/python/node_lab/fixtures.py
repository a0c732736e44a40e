# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests that install on nodes."""

import subprocess

import pytest
from node_lab.archive import build_archive, make_older_archive
from node_lab.node import Disturber, Node
from nydus_stack.private_namespace import unshare_mounts
from nydus_stack.programs import Programs


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    return build_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def older_archive(archive, tmp_path_factory):
    return make_older_archive(archive, tmp_path_factory.mktemp("older") / "archive")


@pytest.fixture(scope="session")
def programs():
    return Programs()


@pytest.fixture
def disturber(tmp_path):
    return Disturber(tmp_path)


@pytest.fixture(scope="session")
def private_mounts():
    unshare_mounts()


@pytest.fixture
def mount(private_mounts):
    """Mounts until the end of the test."""
    targets = []

    def make(*arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)
        targets.append(arguments[-1])

    yield make
    for target in reversed(targets):
        subprocess.run(["umount", "--lazy", str(target)], check=True)


@pytest.fixture
def place(mount, tmp_path):
    """Where a node's root can be: in memory, because the installer waits for the disk after every file."""
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", tmp_path)
    return tmp_path


@pytest.fixture(params=["dash", "bash", "busybox"])
def node_by_shell(request, place, archive, programs):
    """busybox's shell uses busybox's programs."""
    shell = (programs.busybox, "sh") if request.param == "busybox" else (request.param,)
    return Node(place / "node", archive, shell)


@pytest.fixture
def bare_node(place, archive):
    return Node(place / "node", archive)
