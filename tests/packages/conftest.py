# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the package tests: packages of this tree, installed on machines that were just set up.

NYDUS_REQUIRE  kinds of tests that must not be skipped; this one is `packages`
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support" / "python"))

KIND = "packages"


def pytest_collection_modifyitems(items):
    if os.geteuid() == 0:
        return
    if KIND in os.environ.get("NYDUS_REQUIRE", "").split(","):
        raise pytest.UsageError(f"{KIND} tests are required but cannot run: installing packages needs root")
    for item in items:
        item.add_marker(pytest.mark.skip(reason=f"{KIND}: installing packages needs root"))
