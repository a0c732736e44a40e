# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the system tests: images, and a node for every test."""

import pytest

from kata_lab import image
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
