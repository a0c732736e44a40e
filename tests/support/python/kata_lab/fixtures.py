# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the system tests: images, and a node for every test."""

import pytest
from nydusd_lab.daemon import Daemon, real_program

from kata_lab import image
from kata_lab.killing import Killer
from kata_lab.node import Node


@pytest.fixture(scope="session")
def image_of_version(programs, tmp_path_factory):
    return image.build_all(programs.nydus_image, programs.busybox, tmp_path_factory.mktemp("images"))


@pytest.fixture
def node(programs, tool, first_helper, tmp_path):
    node = Node(tmp_path, first_helper.path, tool, programs.nydusd)
    yield node
    node.close()


@pytest.fixture
def sandbox(node):
    sandbox = node.sandbox("s").create()
    yield sandbox
    sandbox.delete()


@pytest.fixture
def container(sandbox, image_of_version):
    return sandbox.container("c", image_of_version["6"])


@pytest.fixture
def start_nydusd(node, tmp_path):
    """Starts a nydusd that belongs to nobody; its sockets lie in a directory of this name."""
    started = []

    def start(name="foreign"):
        started.append(Daemon(real_program(node.nydusd), tmp_path / name))
        return started[-1]

    yield start
    for nydusd in started:
        nydusd.end()


@pytest.fixture
def killer(tmp_path):
    return Killer(tmp_path / "calls")
