# SPDX-License-Identifier: Apache-2.0
"""Fixtures shared by the tests of the mount helper alone."""

import os

import pytest

from mount_lab import running
from mount_lab.lab import DIRECTORY, Lab


@pytest.fixture
def lab(root):
    """A new tmpfs for every test: whatever a failed one leaves there is gone with it."""
    DIRECTORY.mkdir(exist_ok=True)
    running.mount("lab", DIRECTORY, "tmpfs", data="mode=0755")
    yield Lab()
    os.chdir("/")
    running.unmount(DIRECTORY, running.MNT_DETACH)
