# SPDX-License-Identifier: Apache-2.0
"""Targets, layers, privileges and a full disk: what is wrong is named, and nothing stays behind."""

import shutil
import subprocess

import pytest
from mount_lab.lab import assert_content, lowerdir, take_record
from mount_lab.records import record_at, records_at
from mount_lab.refusals import assert_helper_refuses, assert_refused
from mount_lab.running import NOBODY, check, mount, run, run_helper, unmount

pytest_plugins = ["mount_lab.fixtures"]

LONG_NAME = "long-names-fill-a-page-quickly-and-then-the-other-interface-is-needed-{}"
BOTH_INTERFACES = pytest.mark.parametrize("count", (2, 60), ids=("short", "long"))


@pytest.fixture
def layers(lab, count):
    return lab.layers(count, LONG_NAME)


@BOTH_INTERFACES
def test_missing_layer(helper, lab, layers, count):
    for place in (0, count // 2, count - 1):
        gone = lab.directory / "gone"
        some = [*layers[:place], gone, *layers[place + 1 :]]
        said = f"lower directory {place + 1} of {count} '{gone}' does not exist"
        assert_helper_refuses(helper, lab, 32, lab.options(some), str(lab.target), said)


@BOTH_INTERFACES
@pytest.mark.parametrize("role", ("upper", "work"))
def test_missing_upper_or_work_directory(helper, lab, layers, role):
    getattr(lab, role).rmdir()
    said = f"{role} directory '{getattr(lab, role)}' does not exist"
    assert_helper_refuses(helper, lab, 32, lab.options(layers), said)
    for word in ("volatile", "index=on"):
        assert_helper_refuses(helper, lab, 32, lab.options(layers, word), f"{role} directory")


@BOTH_INTERFACES
@pytest.mark.parametrize("role", ("upper", "work", "lower"))
def test_a_file_where_a_directory_must_be(helper, lab, layers, role):
    file = lab.directory / "file"
    file.touch()
    if role == "lower":
        layers = [layers[0], file, *layers[2:]]
    else:
        setattr(lab, role, file)
    assert_helper_refuses(helper, lab, 32, lab.options(layers), f"{role} directory", f"'{file}' is not a directory")


@BOTH_INTERFACES
@pytest.mark.parametrize("place", ("/proc/self/fd/0", "/dev/fd/3"))
def test_descriptor_as_layer(helper, lab, layers, place):
    assert_helper_refuses(helper, lab, 32, lab.options([*layers, place]), f"layer {len(layers) + 1}", place)


@pytest.mark.parametrize("value", ("", ":", "a:", ":a", "a:::b", "a::b:c"))
def test_malformed_layers(helper, lab, value):
    assert_helper_refuses(helper, lab, 32, [f"lowerdir={value}"], "lowerdir: layer")


@BOTH_INTERFACES
def test_upper_and_work_on_different_mounts(helper, lab, layers):
    mount("other", lab.work, "tmpfs")
    assert_helper_refuses(helper, lab, 32, lab.options(layers), "not on the same mount")
    unmount(lab.work)
    mount(lab.work, lab.work, None, flags=4096)  # MS_BIND: the same file system is not enough
    assert_helper_refuses(helper, lab, 32, lab.options(layers), "not on the same mount")


@BOTH_INTERFACES
def test_layers_overlap(helper, lab, layers):
    assert_helper_refuses(helper, lab, 32, lab.options([*layers, lab.directory]), "overlap")


@BOTH_INTERFACES
@pytest.mark.parametrize("inner, outer", (("upper", "work"), ("work", "upper")))
def test_upper_and_work_overlap(helper, lab, layers, inner, outer):
    setattr(lab, inner, getattr(lab, outer) / "inner")
    getattr(lab, inner).mkdir()
    assert_helper_refuses(helper, lab, 32, lab.options(layers), "overlap")
    setattr(lab, inner, getattr(lab, outer))
    assert_helper_refuses(helper, lab, 32, lab.options(layers), "overlap")


@BOTH_INTERFACES
def test_upper_in_use(helper, lab, layers):
    other = lab.directory / "other"
    other.mkdir()
    check(run_helper(helper, other, *lab.options(layers, "index=on")))
    assert_helper_refuses(helper, lab, 32, lab.options(layers, "index=on"), "in use by another overlay")
    unmount(other)
    check(run_helper(helper, lab.target, *lab.options(layers, "index=on")))


def test_lower_that_contains_the_upper_is_legal(helper, lab):
    """So a snapshotter mounts a container without layers."""
    (lab.directory / "file").write_text("of the layer")
    check(run_helper(helper, lab.target, *lab.options([lab.directory])))
    assert (lab.target / "file").read_text() == "of the layer"
    (lab.target / "new").write_text("new")
    assert (lab.upper / "new").read_text() == "new"


@BOTH_INTERFACES
def test_target(helper, lab, layers):
    options = lab.options(layers)
    (lab.directory / "file").touch()
    (lab.directory / "link").symlink_to(lab.target)
    (lab.directory / "dangling").symlink_to("nowhere")
    for name, why in (
        ("missing", "does not exist"),
        ("file", "not a directory"),
        ("file/below", "not a directory"),
        ("link", "symbolic link"),
        ("dangling", "symbolic link"),
    ):
        assert_helper_refuses(helper, lab, 32, options, name, why, target=lab.directory / name)
    for path in ("/dev/fd/3", "/proc/self/fd/3"):
        assert_helper_refuses(helper, lab, 32, options, path, "descriptor", target=path)


def test_links_above_the_target_are_followed(helper, lab):
    (lab.directory / "parent").symlink_to(lab.directory)
    outcome = run_helper(helper, lab.directory / "parent" / "target", *lab.options(lab.layers(2)))
    assert not isinstance(take_record(lab, outcome, 2), str)


def test_relative_target(helper, lab):
    for count in (2, 60):
        layers = lab.layers(count, f"{count}-" + LONG_NAME)
        outcome = run_helper(helper, "target", *lab.options(layers), cwd=lab.directory)
        assert not isinstance(take_record(lab, outcome, count), str)


def overlay_two_deep(lab):
    """A directory on a file system that the kernel will not stack on once more."""
    below = lab.layers(4, "deep-{}")
    for name, layers in (("first", below[:2]), ("second", [lab.directory / "first", below[2]])):
        (lab.directory / name).mkdir()
        mount("overlay", lab.directory / name, "overlay", data=lowerdir(layers))
    return lab.directory / "second"


@BOTH_INTERFACES
@pytest.mark.parametrize("word", ("metacopy=off", "volatile", "fsync=volatile"))
def test_stack_too_deep(helper, lab, layers, count, word):
    """The kernel finds this out late: `volatile` leaves its mark, and the corrected mount would fail."""
    deep = overlay_two_deep(lab)
    assert_helper_refuses(helper, lab, 32, lab.options([*layers, deep], word), "two deep")
    check(run_helper(helper, lab.target, *lab.options(layers, word)))
    assert_content(lab.target, count)


@BOTH_INTERFACES
@pytest.mark.parametrize("mistake", ("upper", "option"))
def test_volatile_mount_corrected(helper, lab, layers, count, mistake):
    """The kernel finds these mistakes early, and one of them after it has looked at the work directory."""
    if mistake == "upper":
        lab.upper.rmdir()
        assert_helper_refuses(helper, lab, 32, lab.options(layers, "volatile"), "upper directory")
        lab.upper.mkdir()
    else:
        assert_helper_refuses(helper, lab, 32, lab.options(layers, "volatile", "nosuch=1"), "nosuch")
    check(run_helper(helper, lab.target, *lab.options(layers, "volatile")))
    assert_content(lab.target, count)


@BOTH_INTERFACES
def test_mark_of_an_earlier_volatile_mount(helper, lab, layers):
    check(run_helper(helper, lab.target, *lab.options(layers, "volatile")))
    unmount(lab.target)
    for word in ("volatile", "metacopy=off"):
        assert_helper_refuses(helper, lab, 32, lab.options(layers, word), "volatile")


@BOTH_INTERFACES
def test_volatile_is_left_out_of_containerds_temporary_mounts(helper, lab, layers):
    lab.target = lab.directory / "containerd-mount123"
    lab.target.mkdir()
    for word in ("volatile", "fsync=volatile"):
        check(run_helper(helper, lab.target, *lab.options(layers, word)))
        assert "volatile" not in record_at(lab.target).super_options
        unmount(lab.target)
    final = lab.directory / "rootfs"
    final.mkdir()
    check(run_helper(helper, final, *lab.options(layers, "volatile")))
    assert "volatile" in record_at(final).super_options


@BOTH_INTERFACES
def test_upper_on_an_overlay(helper, lab, layers):
    mount("overlay", lab.upper, "overlay", data=lowerdir(lab.layers(2, "u{}")))
    assert_helper_refuses(helper, lab, 32, lab.options(layers), "upper")


@BOTH_INTERFACES
def test_unknown_overlay_words_are_named(helper, lab, layers):
    for word in ("nosuch=1", "nosuch", "index=perhaps", "redirect_dir=sometimes"):
        assert_helper_refuses(helper, lab, 32, lab.options(layers, word), word.split("=")[0])


@BOTH_INTERFACES
@pytest.mark.parametrize("word", ("index=on", "volatile"))
def test_full_file_system(helper, lab, layers, count, word):
    """Without room for the kernel's own directory the kernel still mounts, read-only; the helper does not differ."""
    small = lab.directory / "small"
    small.mkdir()
    mount("small", small, "tmpfs", data="nr_inodes=3")
    lab.upper, lab.work = small / "upper", small / "work"
    lab.upper.mkdir()
    lab.work.mkdir()
    check(run_helper(helper, lab.target, *lab.options(layers, word)))
    assert_content(lab.target, count)
    assert "ro" in record_at(lab.target).super_words()
    unmount(lab.target)
    assert lab.work.is_dir() and not list(lab.work.iterdir())


@BOTH_INTERFACES
@pytest.mark.parametrize("action", ("overlay", "bind", "remount"))
def test_no_privilege(helper, lab, layers, action):
    program = lab.directory / "helper"
    shutil.copy(helper.path, program)
    options = {"overlay": lab.options(layers), "bind": [lowerdir(layers[:1])], "remount": ["remount,noexec"]}[action]
    if action == "remount":
        check(run_helper(helper, lab.target, *lab.options(layers)))

    def command():
        return run(program, "overlay", lab.target, "-o", ",".join(options), user=NOBODY)

    assert_refused(lab, command, 1, str(lab.target), "CAP_SYS_ADMIN")


@pytest.mark.parametrize("mode", (0o4755, 0o2755))
def test_set_user_id_copy_is_refused(helper, lab, mode):
    program = lab.directory / "helper"
    shutil.copy(helper.path, program)
    program.chmod(mode)
    options = ",".join(lab.options(lab.layers(2)))

    def command():
        return run(program, "overlay", lab.target, "-o", options, user=NOBODY, group=NOBODY)

    assert_refused(lab, command, 1, "set-user-ID")


def test_propagation(helper, lab):
    marks = {"shared": "shared:N", "rshared": "shared:N", "private": "", "slave": "", "unbindable": "unbindable"}
    for word, mark in marks.items():
        for count in (1, 2):
            layers = lab.layers(count, f"{word}-{count}-{{}}")
            check(run_helper(helper, lab.target, *lab.options(layers, word, writable=False)))
            assert record_at(lab.target).propagation == mark
            unmount(lab.target)


def test_inherited_descriptors(helper, lab):
    """Standard streams may be closed, others open: neither may disturb, whichever numbers they have."""
    options = lab.options(lab.layers(2))
    for words in ("9</ 10</ 200</ 251</", "<&-", ">&-", "2>&-", "<&- >&- 2>&-", "<&- >&- 2>&- 3</ 4</ 900</"):
        script = f'exec "$@" {words}'
        outcome = run("bash", "-c", script, "bash", helper.path, "overlay", lab.target, "-o", ",".join(options))
        assert not isinstance(take_record(lab, outcome, 2), str)


def test_failure_with_closed_streams(helper, lab):
    """What would be the third descriptor must not get the message."""
    file = lab.directory / "file"
    file.touch()
    script = 'exec "$@" <&- >&- 2>&-'
    outcome = run("sh", "-c", script, "sh", helper.path, "overlay", lab.target, "-o", f"lowerdir={file}:{file}")
    assert outcome.code == 32
    assert file.read_bytes() == b""
    assert records_at(lab.target) == []
    assert subprocess.run([helper.path], stderr=subprocess.DEVNULL, check=False).returncode == 1
