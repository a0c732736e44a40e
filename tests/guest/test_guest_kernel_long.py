# SPDX-License-Identifier: Apache-2.0
"""Mounts around and above 4095 bytes of data, where the two kernels part: only 6.12 has `lowerdir+`."""

import re

import pytest

NEEDS_LONG_LISTS = "6.12"


def assert_layers_recorded(mount, kernel, count):
    if kernel == NEEDS_LONG_LISTS:
        assert len(mount.all_options("lowerdir+")) == count, mount.line
    else:
        assert len(mount.option("lowerdir").split(":")) == count, mount.line


def assert_too_long(facts):
    line = facts.failed(32)
    assert re.search(r"\b\d+ bytes\b", line), line
    assert facts.left_in_work == ""


@pytest.mark.parametrize("count", [64, 111])
def test_layers_below_a_common_parent(report, kernel, count):
    facts = report(f"common-parent-{count}").succeeded()
    assert int(facts.bytes) >= 4096
    assert (facts.top, facts.first, facts.middle, facts.last) == ("1", "1", str(count // 2), str(count))
    assert facts.layers_seen == str(count)
    assert facts.upper == "new"
    assert facts.mount().attributes == {"rw", "nosuid", "nodev", "noatime"}
    assert_layers_recorded(facts.mount(), kernel, count)


def test_last_length_that_the_old_interface_takes(report):
    facts = report("exactly-4095").succeeded()
    assert facts.bytes == "4095"
    assert (facts.top, facts.last) == ("1", "last")
    assert len(facts.mount().option("lowerdir").split(":")) == int(facts.layers_seen)


def test_first_length_that_the_old_interface_would_cut(report, kernel):
    facts = report("exactly-4096").succeeded()
    assert facts.bytes == "4096"
    assert (facts.top, facts.last) == ("1", "last")
    assert int(facts.last_path) < 256
    assert_layers_recorded(facts.mount(), kernel, int(facts.layers_seen))


def test_truncation_never_mounts_another_layer(report):
    facts = report("truncation").succeeded()
    assert facts.bytes == "4096" and facts.cut.endswith("/d1")
    assert facts.right == "right"
    assert facts.wrong != "wrong"


def test_five_hundred_layers(report, kernel):
    facts = report("layers-500")
    if kernel == NEEDS_LONG_LISTS:
        facts.succeeded()
        assert (facts.top, facts.last, facts.layers_seen) == ("1", "500", "500")
        assert_layers_recorded(facts.mount(), kernel, 500)
    else:
        assert_too_long(facts)


def test_one_layer_more_than_the_kernel_takes(report):
    facts = report("layers-501")
    assert "500 layers" in facts.failed(32)
    assert facts.left_in_work == ""


def test_paths_above_the_key_limit_below_a_common_parent(report, kernel):
    facts = report("long-paths-common-parent").succeeded()
    assert int(facts.bytes) >= 4096
    assert (facts.top, facts.last) == ("1", "20")
    assert_layers_recorded(facts.mount(), kernel, 20)


def test_paths_above_the_key_limit_with_nothing_in_common(report):
    """Neither kernel takes them as descriptors; a later one does."""
    facts = report("long-paths-apart")
    line = facts.failed(32)
    assert re.search(r"\d+", line), line
    assert facts.left_in_work == ""


def test_escapes_in_a_long_list(report, kernel):
    facts = report("long-escapes").succeeded()
    assert int(facts.bytes) >= 4096
    for own in ("colon", "comma", "backslash", "blank"):
        assert facts[f"own-{own}"] == [own]
    assert (facts.own_1, facts.upper) == ("1", "new")
    if kernel == NEEDS_LONG_LISTS:
        assert len(facts.mount().all_options("lowerdir+")) == 64
