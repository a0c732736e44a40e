# SPDX-License-Identifier: Apache-2.0
"""What a test needs and may not find; without it the test is skipped, or fails where skipping is forbidden."""

import os

import pytest
from nydus_stack.programs import MissingProgram, Programs


def skip(reason):
    if "system" in os.environ.get("NYDUS_REQUIRE", "").split(","):
        pytest.fail(f"system tests are required but cannot run: {reason}", pytrace=False)
    pytest.skip(f"system: {reason}")


def need_program(name):
    """The path of a neighbour's program, by its name in nydus_stack.programs."""
    try:
        return getattr(Programs(), name)
    except MissingProgram as missing:
        return skip(str(missing))
