# SPDX-License-Identifier: Apache-2.0
"""Mounts whose data fits the old interface: they look as `mount -t overlay` leaves them."""

import pytest


def base_of(mount):
    return mount.point.removesuffix("/target")


@pytest.mark.parametrize("count", [1, 2, 8])
def test_lowers_with_upper(report, count):
    facts = report(f"lowers-{count}").succeeded()
    mount = facts.mount()
    base = base_of(mount)
    assert (facts.top, facts.last, facts.upper) == ("1", str(count), "new")
    assert (mount.type, mount.source) == ("overlay", "overlay")
    assert mount.attributes == {"rw", "relatime"}
    assert mount.options[0] == "rw"
    assert mount.option("lowerdir") == ":".join(f"{base}/{number}" for number in range(1, count + 1))
    assert mount.option("upperdir") == f"{base}/upper"
    assert mount.option("workdir") == f"{base}/work"


def test_one_lower_is_bound_read_only(report):
    facts = report("one-lower-read-only").succeeded()
    mount = facts.mount()
    assert facts.top == "1"
    assert facts.write_rc != "0"
    assert mount.type != "overlay"
    assert mount.root.endswith("/one-lower-read-only/1")
    assert mount.attributes == {"ro", "relatime"}
    # Else what is mounted below the layer later would appear in the container too.
    assert not set(mount.tags) & set(facts.mount("layer-").tags)


def test_two_lowers_read_only(report):
    facts = report("two-lowers-read-only").succeeded()
    mount = facts.mount()
    assert (facts.top, facts.last) == ("1", "2")
    assert mount.attributes == {"ro", "relatime"}
    assert mount.options[0] == "ro"


def test_words_that_containerd_appends_clear_flags(report):
    assert report("containerd-words").succeeded().mount().attributes == {"rw", "relatime"}


def test_attributes(report):
    expected = {"rw", "nosuid", "nodev", "noexec", "noatime"}
    assert report("attributes").succeeded().mount().attributes == expected


def test_without_proc(report):
    facts = report("no-proc")
    assert facts["rc"] == ["0"], dict(facts)
    assert facts.top == "1"
    assert facts.mount().type == "overlay"


@pytest.mark.parametrize("kind", ["comma", "backslash", "space", "newline"])
def test_escapes_in_every_folder(report, kind):
    facts = report(f"escape-{kind}").succeeded()
    assert (facts.top, facts.upper) == ("lower", "new")


def test_escaped_colon_in_a_layer(report):
    assert report("escape-colon").succeeded().top == "lower"


def test_remount_keeps_the_other_attributes(report):
    facts = report("remount").succeeded().succeeded("read-only-").succeeded("writable-")
    assert facts.mount("read-only-").attributes == {"ro", "nosuid", "nodev", "relatime"}
    assert facts.write_rc != "0"
    assert facts.mount("writable-").attributes == {"rw", "nosuid", "nodev", "relatime"}
    assert facts.upper == "new"


def test_fake_mounts_nothing(report):
    facts = report("fake")
    assert (facts.rc, facts.mounts) == ("0", "0")
