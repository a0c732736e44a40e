# SPDX-License-Identifier: Apache-2.0
"""Below 4096 bytes of options a mount looks as mount(8) with the kernel's own overlay would leave it, word for word."""

import itertools

import pytest
from mount_lab.lab import take_record
from mount_lab.running import run, run_helper, run_mount_program

pytest_plugins = ["mount_lab.fixtures"]

ATIME_WORDS = ("noatime", "relatime", "strictatime")
FLAG_WORDS = (
    *("ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "nodiratime", "diratime"),
    *("nosymfollow", "sync", "async", "dirsync", "lazytime", "nolazytime", *ATIME_WORDS),
)
OVERLAY_WORDS = (
    *("index=on", "index=off", "metacopy=on", "metacopy=off", "redirect_dir=on", "redirect_dir=off"),
    *("redirect_dir=follow", "redirect_dir=nofollow", "xino=on", "xino=off", "xino=auto", "nfs_export=on"),
    *("nfs_export=off", "uuid=on", "uuid=off", "uuid=null", "uuid=auto", "userxattr", "default_permissions"),
)
OVERLAY_COMBINATIONS = (
    ("index=on", "nfs_export=on"),
    ("nfs_export=on", "index=on", "redirect_dir=nofollow"),
    ("metacopy=on", "redirect_dir=on", "index=on"),
    ("userxattr", "metacopy=on"),
    ("index=on", "index=off"),
    ("xino=on", "uuid=on", "default_permissions", "ro", "nosuid"),
    ("nosuch=1",),
    ("index=maybe",),
)


# What mount(8) left, by number of layers, writability and words: once for all builds, as every lab has the same paths.
expected_records = {}


def arrange(lab, words, count, writable=True):
    return lab.options([lab.directory / f"layer-{number}" for number in range(count)], *words, writable=writable)


def expected_record(lab, words, count, writable):
    key = (words, count, writable)
    if key not in expected_records:
        outcome = run_mount_program(lab.target, *arrange(lab, words, count, writable))
        expected_records[key] = take_record(lab, outcome, count)
    return expected_records[key]


def assert_same_records(helper, lab, cases, count=2, writable=True):
    """`cases`: the words of one mount each."""
    lab.layers(count)
    ours, theirs = {}, {}
    for words in cases:
        outcome = run_helper(helper, lab.target, *arrange(lab, words, count, writable))
        ours[words] = take_record(lab, outcome, count)
        theirs[words] = expected_record(lab, words, count, writable)
    assert ours == theirs
    return ours


@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_every_flag_word(helper, lab, writable):
    records = assert_same_records(helper, lab, [(), *((word,) for word in FLAG_WORDS)], writable=writable)
    assert len(records) == len(FLAG_WORDS) + 1
    assert {"nosuid", "rw"} < records["nosuid",].flags()
    assert not {"nosuid", "nodev", "noexec", "ro"} & records["rw",].flags()


def test_pairs_of_flag_words_in_both_orders(helper, lab):
    pairs = [
        pair
        for pair in itertools.permutations(FLAG_WORDS, 2)
        if not set(pair) <= {*ATIME_WORDS}
    ]
    records = assert_same_records(helper, lab, pairs)
    assert len(records) == len(pairs)
    for option, opposite in (("ro", "rw"), ("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec")):
        assert option in records[opposite, option].flags()
        assert option not in records[option, opposite].flags()


def test_last_word_about_access_times_wins(helper, lab):
    """mount(8) before 2.39 hands the kernel all of them, and the kernel has an order of its own."""
    single = {word: record for (word,), record in assert_same_records(helper, lab, [(w,) for w in ATIME_WORDS]).items()}
    for first, last in itertools.permutations(ATIME_WORDS, 2):
        outcome = run_helper(helper, lab.target, *arrange(lab, (first, last), 2))
        assert take_record(lab, outcome, 2) == single[last]


def test_every_overlay_word_with_upper(helper, lab):
    assert_same_records(helper, lab, [*((word,) for word in OVERLAY_WORDS), *OVERLAY_COMBINATIONS])


def test_every_overlay_word_without_upper(helper, lab):
    assert_same_records(helper, lab, [*((word,) for word in OVERLAY_WORDS), *OVERLAY_COMBINATIONS], writable=False)


@pytest.mark.parametrize("word", ("volatile", "fsync=volatile"))
def test_volatile(helper, lab, word):
    records = assert_same_records(helper, lab, [(word,)])
    assert word in records[word,].super_words() or "fsync=volatile" in records[word,].super_words()


@pytest.mark.parametrize("count", (1, 2, 8, 40))
def test_numbers_of_layers(helper, lab, count):
    records = assert_same_records(helper, lab, [(), ("ro",), ("nosuid", "nodev")], count=count)
    assert records[()].super_words()[1] == "lowerdir=" + ":".join(
        str(lab.directory / f"layer-{number}") for number in range(count)
    )


@pytest.mark.parametrize("source", ("overlay", "none", "a b", "/dev/null", "-o", "--help", "#x", "a,b\\c\td"))
def test_source_is_recorded_as_it_is(helper, lab, source):
    layers = lab.layers(2)
    outcome = run_helper(helper, lab.target, *lab.options(layers), source=source)
    if source == "-o":
        assert outcome.code == 1  # then the words behind it are options
        return
    record = take_record(lab, outcome, 2)
    mounted = run("mount", "-i", "-t", "overlay", "-o", ",".join(lab.options(layers)), "--", source, lab.target)
    assert record == take_record(lab, mounted, 2)
