# SPDX-License-Identifier: Apache-2.0
"""mount(2) and a file system context leave the same mount, except for how the layers are written down."""

import pytest
from mount_lab.lab import assert_content
from mount_lab.records import record_at
from mount_lab.running import check, run_helper, unmount

pytest_plugins = ["mount_lab.fixtures"]

SHORT, LONG = "s{}", "long-names-fill-a-page-quickly-and-then-the-other-interface-is-needed-{}"
LAYERS = 60
WORDS = (
    *((word,) for word in ("ro", "rw", "nosuid", "nodev", "noexec", "noatime", "relatime", "strictatime")),
    *((word,) for word in ("nodiratime", "nosymfollow", "sync", "dirsync", "lazytime", "suid", "dev", "exec")),
    *((word,) for word in ("silent", "loud", "mand", "async", "defaults", "norelatime", "nostrictatime")),
    *((word,) for word in ("index=on", "index=off", "metacopy=on", "redirect_dir=on", "redirect_dir=nofollow")),
    *((word,) for word in ("xino=on", "xino=off", "nfs_export=on", "uuid=on", "uuid=null", "userxattr", "volatile")),
    *((word,) for word in ("default_permissions", "fsync=volatile", "shared", "private", "slave", "unbindable")),
    ("ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "nosymfollow", "sync", "dirsync", "lazytime"),
    ("ro", "rw"),
    ("rw", "ro"),
    ("noatime", "strictatime"),
    ("strictatime", "relatime"),
    ("sync", "async"),
    ("index=on", "nfs_export=on", "ro"),
    ("shared", "nosuid", "ro"),
)


def mount_and_take_down(helper, lab, layers, words, writable):
    options = lab.options(layers, *words, writable=writable)
    outcome = run_helper(helper, lab.target, *options)
    if outcome.code != 0:
        assert record_at(lab.target) is None
        return f"exit {outcome.code}"
    assert_content(lab.target, len(layers))
    record = record_at(lab.target).without_layers()
    unmount(lab.target)
    lab.renew()
    return record


@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_same_mount_through_either_interface(helper, lab, writable):
    short, long = lab.layers(LAYERS, SHORT), lab.layers(LAYERS, LONG)
    by_call = {words: mount_and_take_down(helper, lab, short, words, writable) for words in WORDS}
    by_context = {words: mount_and_take_down(helper, lab, long, words, writable) for words in WORDS}
    assert by_call == by_context
    assert len([record for record in by_call.values() if not isinstance(record, str)]) > len(WORDS) * 3 / 4


def test_same_refusal_through_either_interface(helper, lab):
    for words in (("nosuch=1",), ("index=maybe",), ("nosuchflag",), ("userxattr", "metacopy=on")):
        errors = []
        for name in (SHORT, LONG):
            lab.layers(LAYERS, f"{words[0]}-{name}")
            layers = [lab.directory / f"{words[0]}-{name}".format(number) for number in range(LAYERS)]
            outcome = run_helper(helper, lab.target, *lab.options(layers, *words))
            errors.append((outcome.code, outcome.err))
            assert record_at(lab.target) is None
        assert errors[0] == errors[1]
        assert errors[0][0] == 32


def test_word_that_a_context_cannot_say(helper, lab):
    check(run_helper(helper, lab.target, *lab.options(lab.layers(2, SHORT), "iversion")))
    unmount(lab.target)
    outcome = run_helper(helper, lab.target, *lab.options(lab.layers(LAYERS, LONG), "iversion"))
    assert outcome.code == 32
    assert "iversion" in outcome.err
    assert record_at(lab.target) is None


def test_both_interfaces_stack(helper, lab):
    """A second mount on a target goes on top of the first, whichever interface made either."""
    short, long = lab.layers(LAYERS, SHORT), lab.layers(LAYERS, LONG)
    for layers in (short, long, short, long):
        check(run_helper(helper, lab.target, *lab.options(layers, writable=False)))
    kinds = []
    while record_at(lab.target):
        assert_content(lab.target, LAYERS)
        kinds.append("lowerdir+=" in record_at(lab.target).super_options)
        unmount(lab.target)
    assert kinds == [True, False, True, False]
