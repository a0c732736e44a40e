# SPDX-License-Identifier: Apache-2.0
"""Mounts that fail leave nothing that makes the next one fail."""

import pytest


def test_payload_that_is_not_base64(report):
    line = report("payload-not-base64").failed(1)
    assert "extraoption" in line
    assert "!!!" not in line


def test_good_payload_never_reaches_the_kernel(report):
    facts = report("payload-good").succeeded()
    assert facts.top == "1"
    assert "extraoption" not in facts.mount().line


def test_missing_layer_is_named(report):
    facts = report("missing-lower")
    assert "/missing-lower/absent" in facts.failed(32)
    assert facts.left_in_work == ""


def test_unknown_word(report, kernel):
    facts = report("unknown-word")
    line = facts.failed(32)
    # The older kernel names it in its own log only.
    assert "bogus" in line or kernel == "6.1"
    assert facts.left_in_work == ""


def test_volatile(report):
    facts = report("volatile").succeeded()
    assert facts.top == "1"
    assert "volatile" in facts.mount().options or "fsync=volatile" in facts.mount().options


def test_mark_of_an_earlier_volatile_mount_is_kept(report):
    facts = report("volatile")
    facts.failed(32, "again-")
    assert facts.mark_kept.endswith("/work/work/incompat/volatile")


@pytest.mark.parametrize("name", ["volatile-upper-missing", "volatile-too-deep", "volatile-too-deep-long"])
def test_refused_volatile_mount_can_be_corrected(report, name):
    facts = report(name)
    facts.failed(32)
    assert facts.mark == ""
    facts.succeeded("corrected-")
    assert facts.top == "1"


def test_refused_late_leaves_an_empty_work_folder(report):
    assert report("volatile-too-deep").left_in_work == ""
