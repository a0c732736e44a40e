# SPDX-License-Identifier: Apache-2.0
"""Kernels without the newer mount interface, and sandboxes that refuse it: what mount(2) can do is still done."""

import errno

import pytest
from mount_lab.lab import assert_content, take_record
from mount_lab.payloads import extra_option
from mount_lab.records import record_at, records_at
from mount_lab.refusals import assert_helper_refuses
from mount_lab.running import check, mount, run, run_helper, run_mount_program, unmount
from mount_lab.seccomp import NUMBERS, refuse

pytest_plugins = ["mount_lab.fixtures"]

MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
NEW_CALLS = tuple(NUMBERS)
INTERFACE = ("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr")
ERRORS = pytest.mark.parametrize("error", (errno.ENOSYS, errno.EPERM), ids=errno.errorcode.get)


def settings(names, error):
    return {"preexec_fn": refuse(names, error)}


@pytest.fixture
def old_kernel(error):
    return settings(NEW_CALLS, error)


@ERRORS
def test_filter_works(lab, old_kernel, error):
    """Else the other tests of this file would say nothing."""
    program = (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True); "
        "print([(libc.syscall(number, -1, -1, -1, -1), ctypes.get_errno()) for number in range(428, 437)])"
    )
    assert run("/usr/bin/python3", "-c", program, **old_kernel).out.count(f"(-1, {error})") >= 7


@ERRORS
@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_short_mount(helper, lab, old_kernel, writable):
    layers = lab.layers(8)
    for words in ((), ("ro", "nosuid"), ("noatime", "dev", "sync"), ("index=on",)):
        options = lab.options(layers, *words, writable=writable)
        ours = take_record(lab, run_helper(helper, lab.target, *options, extra_option(), **old_kernel), 8)
        assert not isinstance(ours, str)
        assert ours == take_record(lab, run_mount_program(lab.target, *options), 8)


@ERRORS
@pytest.mark.parametrize("words", ((), ("nosuid", "nodev", "noexec", "noatime"), ("rw",), ("strictatime",)))
def test_one_layer(helper, lab, old_kernel, words):
    layer = lab.layers(1)
    usual = take_record(lab, run_helper(helper, lab.target, *lab.options(layer, *words, writable=False)), 1)
    outcome = run_helper(helper, lab.target, *lab.options(layer, *words, writable=False), **old_kernel)
    assert take_record(lab, outcome, 1) == usual
    assert "ro" in usual.flags()


@ERRORS
@pytest.mark.parametrize("missing", INTERFACE)
def test_one_layer_with_one_call_missing(helper, lab, error, missing):
    """Calls came one by one: open_tree in 5.2, mount_setattr in 5.12."""
    layer = lab.layers(1)
    options = lab.options(layer, "nosuid", writable=False)
    check(run_helper(helper, lab.target, *options, **settings([missing], error)))
    assert {"ro", "nosuid"} < record_at(lab.target).flags()
    assert_content(lab.target, 1)


@ERRORS
def test_one_layer_takes_nothing_from_its_mount(helper, lab, old_kernel):
    """As a FUSE mount with flags of its own would give it; MS_BIND alone inherits them."""
    mount("flags", lab.upper, "tmpfs", flags=2 | 4 | 8 | 1024)  # nosuid, nodev, noexec, noatime
    layer = [lab.layer("upper/layer", 0)]
    check(run_helper(helper, lab.target, *lab.options(layer, writable=False), **old_kernel))
    assert record_at(lab.target).flags() == {"ro", "relatime"}


LONG_NAME = "long-names-fill-a-page-quickly-{}"


@ERRORS
@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_long_mount_from_the_common_parent(helper, lab, old_kernel, writable):
    (lab.directory / "a-parent-with-quite-a-name-of-its-own-that-saves-many-bytes").mkdir()
    layers = lab.layers(60, "a-parent-with-quite-a-name-of-its-own-that-saves-many-bytes/" + LONG_NAME)
    options = lab.options(layers, "nosuid", writable=writable)
    assert len(",".join(options)) > 4096 + 60
    check(run_helper(helper, lab.target, *options, **old_kernel))
    assert_content(lab.target, 60)
    record = record_at(lab.target)
    assert "nosuid" in record.flags()
    assert "lowerdir=" + ":".join(layer.name for layer in layers) in record.super_words()
    if writable:
        (lab.target / "new").write_text("new")
        assert (lab.upper / "new").read_text() == "new"


@ERRORS
def test_last_length_from_the_common_parent(helper, lab, old_kernel):
    """4095 bytes seen from there still go, 4096 do not."""
    parent = lab.directory / "parent"
    names = [f"{number:02}".ljust(100, "x") for number in range(39)]
    rest = 4095 - len("lowerdir=" + ":".join(names)) - 1
    for extra, code in ((0, 0), (1, 32)):
        layers = [parent / str(extra) / name for name in [*names, "y" * (rest + extra)]]
        layers = [lab.layer(layer.relative_to(lab.directory), number) for number, layer in enumerate(layers)]
        options = lab.options(layers, writable=False)
        if code:
            full, short = len(options[0]), 4096
            said = (f"{full} bytes", f"{short} seen from the layers' common parent", "1 too many")
            assert_helper_refuses(helper, lab, 32, options, *said, **old_kernel)
        else:
            assert not isinstance(take_record(lab, run_helper(helper, lab.target, *options, **old_kernel), 40), str)


@ERRORS
def test_long_mount_that_cannot_be_shortened(helper, lab, old_kernel):
    layers = lab.layers(60, "{0}/long-names-fill-a-page-quickly-and-this-one-is-longer-than-the-others-{0}")
    full = len(",".join(lab.options(layers)))
    assert_helper_refuses(helper, lab, 32, lab.options(layers), f"{full} bytes", "too many for mount(2)", **old_kernel)
    relative = [f"./{layer.relative_to(lab.directory)}" for layer in layers]
    full = len(",".join(lab.options(relative)))
    assert_helper_refuses(
        helper, lab, 32, lab.options(relative), f"{full} bytes", "too many", cwd=lab.directory, **old_kernel
    )


@ERRORS
@pytest.mark.parametrize("missing", ("fsopen", "fsconfig", "fsmount", "move_mount"))
def test_long_mount_with_one_call_missing(helper, lab, error, missing):
    """Some sandboxes refuse only the calls that mount: mount(2) from the common parent is still possible."""
    layers = lab.layers(60, "a-parent-with-quite-a-name-of-its-own-that-saves-many-bytes/" + LONG_NAME)
    options = lab.options(layers)
    check(run_helper(helper, lab.target, *options, **settings([missing], error)))
    assert_content(lab.target, 60)


@ERRORS
def test_failures_are_named(helper, lab, old_kernel):
    layers = lab.layers(2)
    nowhere = lab.directory / "nowhere"
    assert_helper_refuses(helper, lab, 32, lab.options([*layers, nowhere]), f"'{nowhere}' does not exist", **old_kernel)
    assert_helper_refuses(helper, lab, 32, lab.options([nowhere], writable=False), str(nowhere), **old_kernel)
    assert_helper_refuses(helper, lab, 32, lab.options(layers, "nosuch=1"), "mount overlay", **old_kernel)


REMOUNTS = (
    ("ro", {"ro", "nosuid", "nodev", "noatime"}),
    ("rw", {"rw", "nosuid", "nodev", "noatime"}),
    ("noexec", {"rw", "nosuid", "nodev", "noatime", "noexec"}),
    ("exec", {"rw", "nosuid", "nodev", "noatime"}),
    ("suid", {"rw", "nodev", "noatime"}),
    ("dev,nosuid", {"rw", "nosuid", "noatime"}),
    ("nodev,relatime", {"rw", "nosuid", "nodev", "relatime"}),
    ("strictatime", {"rw", "nosuid", "nodev"}),
    ("noatime", {"rw", "nosuid", "nodev", "noatime"}),
)


@ERRORS
@pytest.mark.parametrize("count", (2, 1), ids=("overlay", "bind"))
@pytest.mark.parametrize("missing", (None, "mount_setattr", "fspick", "fsconfig"), ids=str)
def test_remount(helper, lab, error, count, missing):
    calls = [missing] if missing else NEW_CALLS
    check(run_helper(helper, lab.target, "nosuid,nodev,noatime", *lab.options(lab.layers(count), writable=count > 1)))
    for words, flags in REMOUNTS:
        check(run_helper(helper, lab.target, f"remount,{words}", **settings(calls, error)))
        if count == 1:
            flags = {"ro", *flags} - {"rw"}
        assert (words, record_at(lab.target).flags()) == (words, flags)
    assert len(records_at(lab.target)) == 1
    if count == 1:
        assert "rw" in record_at(lab.directory).super_words()


@ERRORS
def test_remount_keeps_flags_of_the_super_block(helper, lab, old_kernel):
    check(run_helper(helper, lab.target, "sync", *lab.options(lab.layers(2))))
    for word in ("ro", "rw"):
        check(run_helper(helper, lab.target, f"remount,{word}", **old_kernel))
        assert {word, "sync"} < set(record_at(lab.target).super_words())


@ERRORS
@pytest.mark.parametrize("count", (1, 2, 60), ids=("bind", "mount", "long"))
def test_propagation(helper, lab, old_kernel, count):
    layers = lab.layers(count, "a-parent-with-quite-a-name-of-its-own-that-saves-many-bytes/" + LONG_NAME)
    check(run_helper(helper, lab.target, "shared", *lab.options(layers, writable=False), **old_kernel))
    assert record_at(lab.target).propagation == "shared:N"
    unmount(lab.target)
    assert record_at(lab.target) is None


def test_read_only_file_system_below_a_layer(helper, lab):
    """A layer's bind is read-only by itself: its file system may become writable again."""
    mount("other", lab.upper, "tmpfs")
    layer = [lab.layer("upper/layer", 0)]
    mount(None, lab.upper, None, flags=MS_REMOUNT | MS_RDONLY)
    mount(None, lab.upper, None, flags=MS_REMOUNT | MS_BIND)
    assert "rw" in record_at(lab.upper).flags() and "ro" in record_at(lab.upper).super_words()
    check(run_helper(helper, lab.target, *lab.options(layer, writable=False)))
    assert "ro" in record_at(lab.target).flags()
