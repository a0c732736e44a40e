# SPDX-License-Identifier: Apache-2.0
"""Mounts by the real mount(8), which finds the helper by its name in /usr/sbin."""

import os
import shutil
import signal
import subprocess
import time

import pytest
from mount_lab.lab import assert_content, lowerdir, take_record
from mount_lab.records import record_at, records_at
from mount_lab.requirements import need_program, skip
from mount_lab.running import ENVIRONMENT, MNT_DETACH, check, private_copy, run, run_helper, run_mount_program, unmount

pytest_plugins = ["mount_lab.fixtures"]

TYPE = "fuse.nydus-overlayfs"
HELPER = f"mount.{TYPE}"


@pytest.fixture
def installed(helper, lab):
    """The helper as a package installs it, under both of its names."""
    with private_copy("/usr/sbin", lab.directory) as programs:
        shutil.copy(helper.path, programs / HELPER)
        (programs / "nydus-overlayfs").symlink_to(HELPER)
        yield programs


@pytest.fixture
def mount_fuse(installed):
    """Debian's mount.fuse, which containerd calls."""
    debian = need_program("debian")
    program = installed / "mount.fuse3"
    shutil.copy(debian / "sbin" / "mount.fuse3", program)
    (installed / "mount.fuse").symlink_to("mount.fuse3")
    library = next((debian / "lib").glob("*/libfuse3.so.3"))
    return {"env": {**ENVIRONMENT, "LD_LIBRARY_PATH": str(library.parent)}}


@pytest.fixture
def options(lab):
    return lab.options(lab.layers(2))


def mount8(lab, *options, switches=(), source="overlay", **settings):
    words = ("-o", ",".join(options)) if options else ()
    return run("mount", "-t", TYPE, *switches, source, lab.target, *words, **settings)


def assert_mounted_like(lab, outcome, options):
    """That what mount(8) left with our help equals what it leaves alone with `options`."""
    ours = take_record(lab, outcome, 2)
    assert not isinstance(ours, str), outcome
    assert ours == take_record(lab, run_mount_program(lab.target, *options), 2)


def test_plain(installed, lab, options):
    outcome = mount8(lab, *options)
    assert outcome.out + outcome.err == ""
    assert_mounted_like(lab, outcome, options)


FLAG_WORDS = ("ro", "rw", "nosuid,dev", "ro,rw", "sync,noatime", "user", "users", "owner", "group")


@pytest.mark.parametrize("words", FLAG_WORDS)
def test_same_flags_as_without_the_helper(installed, lab, options, words):
    assert_mounted_like(lab, mount8(lab, words, *options), [words, *options])


def test_user_mounts_are_restricted(installed, lab, options):
    check(mount8(lab, *options, "user"))
    assert {"rw", "nosuid", "nodev", "noexec"} < record_at(lab.target).flags()


WORDS_FOR_OTHERS = (
    *("nofail", "_netdev", "auto", "noauto", "nouser", "x-systemd.requires=/data", "x-systemd.automount"),
    *("x-systemd.mount-timeout=3s,x-systemd.device-timeout=1", "x-initrd.mount", "X-mount.mkdir", "comment=hello"),
    *("x-gvfs-hide", "defaults", "helper=other", "uhelper=other"),
)


@pytest.mark.parametrize("word", WORDS_FOR_OTHERS)
def test_words_that_are_not_for_the_kernel(installed, lab, options, word):
    assert_mounted_like(lab, mount8(lab, *options, word), options)


def test_verbose(installed, lab, options):
    outcome = check(mount8(lab, *options, switches=["-v"]))
    assert str(lab.directory / "layer-1") in outcome.err
    assert_mounted_like(lab, outcome, options)


def test_read_only_switch(installed, lab, options):
    assert_mounted_like(lab, mount8(lab, *options, switches=["-r"]), ["ro", *options])


def test_read_write_switch(installed, lab, options):
    assert_mounted_like(lab, mount8(lab, *options, switches=["-w"]), options)


def test_fake(installed, lab, options):
    before = lab.tree()
    check(mount8(lab, *options, switches=["-f"]))
    assert record_at(lab.target) is None
    assert lab.tree() == before
    bad = mount8(lab, *options, "extraoption=!", switches=["-f"])
    assert bad.code == 1 and "extraoption" in bad.err


def test_no_utab(installed, lab, options):
    assert_mounted_like(lab, mount8(lab, *options, switches=["-n"]), options)


def test_sloppy(installed, lab, options):
    assert_mounted_like(lab, mount8(lab, *options, switches=["-s"]), options)


@pytest.fixture
def other_namespace():
    """The process ID of something that lives in another mount namespace."""
    process = subprocess.Popen(["unshare", "-m", "sleep", "60"])
    own = os.readlink("/proc/self/ns/mnt")
    deadline = time.monotonic() + 10
    while os.readlink(f"/proc/{process.pid}/ns/mnt") == own:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    yield process.pid
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("count", (2, 200))
def test_other_namespace(installed, lab, other_namespace, count):
    layers = lab.layers(count, "a-layer-{}-with-a-name")
    check(mount8(lab, *lab.options(layers), switches=["-N", f"/proc/{other_namespace}/ns/mnt"]))
    assert record_at(lab.target) is None
    there = record_at(lab.target, other_namespace)
    assert (there.kind, there.source) == ("overlay", "overlay")
    assert_content(f"/proc/{other_namespace}/root{lab.target}", count)


def test_other_namespace_with_one_layer(installed, lab, other_namespace):
    options = lab.options(lab.layers(1), writable=False)
    check(mount8(lab, *options, switches=["-N", f"/proc/{other_namespace}/ns/mnt"]))
    assert record_at(lab.target) is None
    assert "ro" in record_at(lab.target, other_namespace).flags()
    assert_content(f"/proc/{other_namespace}/root{lab.target}", 1)


def test_no_options(installed, lab):
    outcome = mount8(lab)
    assert outcome.code == 1
    assert "lowerdir" in outcome.err
    assert record_at(lab.target) is None


def test_failure_comes_through(installed, lab, options):
    for words in ((), ("nofail",)):
        outcome = mount8(lab, *words, lowerdir([lab.directory / "nowhere"] * 2))
        assert outcome.code == 32
        assert "nowhere' does not exist" in outcome.err
        assert record_at(lab.target) is None


def test_fstab(installed, lab, options):
    with private_copy("/etc", lab.layer("etc", 9)):
        fields = ("overlay", str(lab.target), TYPE, ",".join(["noauto,nofail,x-systemd.automount,nosuid", *options]))
        with open("/etc/fstab", "w") as table:
            print(*fields, "0 0", file=table)
        assert_mounted_like(lab, run("mount", lab.target), ["nosuid", *options])
        check(run("mount", "--fake", "--all"))


def test_service_manager(installed, lab, options):
    """systemd's order of words."""
    for switches in ((), ("-n",), ("-s",)):
        words = ",".join([*options, "x-systemd.automount"])
        outcome = run("mount", "overlay", lab.target, "-t", TYPE, *switches, "-o", words)
        assert_mounted_like(lab, outcome, options)


def test_options_first(installed, helper, lab, options):
    outcome = run("mount", "-o", ",".join(options), "-o", "nosuid", "-t", TYPE, "overlay", lab.target)
    assert_mounted_like(lab, outcome, ["nosuid", *options])
    outcome = run(installed / HELPER, "-o", ",".join(options), "-vn", "-t", TYPE, "-o", "nosuid", "overlay", lab.target)
    assert_mounted_like(lab, outcome, ["nosuid", *options])


KEPT_FLAGS = {"nosuid", "nodev", "noatime", "nosymfollow"}


def test_remount_keeps_the_other_flags(installed, lab, options):
    check(mount8(lab, *KEPT_FLAGS, *options))
    start = record_at(lab.target)
    for word, other in (("ro", "rw"), ("rw", "ro")):
        check(run("mount", "-t", TYPE, "-o", f"remount,{word}", "overlay", lab.target))
        record = record_at(lab.target)
        assert record.flags() == {word, *KEPT_FLAGS}
        assert word in record.super_words() and other not in record.super_words()
    assert record_at(lab.target) == start
    assert len(records_at(lab.target)) == 1


@pytest.mark.parametrize("count", (2, 1), ids=("overlay", "bind"))
def test_remount_by_the_helpers_own_callers(installed, lab, count):
    """mount(8) keeps `exec`, `suid` and `dev` to itself: they reach the helper from elsewhere only."""
    check(mount8(lab, *KEPT_FLAGS, *lab.options(lab.layers(count), writable=count > 1)))
    kept = {"rw" if count > 1 else "ro", *KEPT_FLAGS}
    for word, flags in (("noexec", {"noexec", *kept}), ("exec", kept), ("suid", kept - {"nosuid"}), ("nosuid", kept)):
        check(run(installed / HELPER, "overlay", lab.target, "-o", f"remount,{word}"))
        assert record_at(lab.target).flags() == flags
    for word in ("rw", "ro"):
        check(run(installed / HELPER, "overlay", lab.target, "-o", f"remount,{word}"))
        assert record_at(lab.target).flags() == {word if count > 1 else "ro", *KEPT_FLAGS}
    for word in ("strictatime", "relatime", "noatime"):
        check(run(installed / HELPER, "overlay", lab.target, "-o", f"{word},remount"))
        atime = record_at(lab.target).flags() & {"relatime", "noatime"}
        assert atime == ({word} if word != "strictatime" else set())


def test_remount_refuses_what_it_cannot_change(installed, lab, options):
    check(mount8(lab, *options))
    before = records_at(lab.target)
    for word in ("index=on", "volatile", options[0]):
        outcome = run("mount", "-t", TYPE, "-o", f"remount,{word}", "overlay", lab.target)
        assert outcome.code == 1
        assert word.split("=")[0] in outcome.err
        assert records_at(lab.target) == before
    unmount(lab.target)
    assert run("mount", "-t", TYPE, "-o", "remount,ro", "overlay", lab.target).code == 32


def test_umount_program(installed, lab, options):
    for switches in ((), ("-l",), ("-R",), ("-v",)):
        check(mount8(lab, *options))
        check(run("umount", *switches, lab.target))
        assert record_at(lab.target) is None


SPECIAL_NAMES = (
    *("a b", "a,b", "a:b", "a\\b", "a\nb", "a\tb", "a'b", "a#b", "a=b", "a\\\\,:b", "a%b", "$(x)", "a;b", "-o"),
)


def special_lab(lab, name):
    """A lab whose every directory has this name."""
    for role in ("target", "upper", "work"):
        directory = lab.directory / f"{role}s" / name
        directory.mkdir(parents=True)
        setattr(lab, role, directory)
    return [lab.layer(f"lower-{number}/{name}", number) for number in range(2)]


def assert_writable_stack(lab):
    assert_content(lab.target, 2)
    (lab.target / "new").write_text("new")
    assert (lab.upper / "new").read_text() == "new"
    assert len(records_at(lab.target)) == 1


@pytest.mark.parametrize("name", SPECIAL_NAMES, ids=repr)
def test_special_names(installed, lab, name):
    check(mount8(lab, *lab.options(special_lab(lab, name))))
    assert_writable_stack(lab)
    check(run("umount", lab.target))


@pytest.mark.parametrize("name", ('a"b', '"', '"a"b"c"', 'a,"b', "a\x01b", "\x7f", "ä", *SPECIAL_NAMES), ids=repr)
def test_special_names_given_to_the_helper(helper, lab, name):
    """mount(8) loses all options at a double quote, so only the helper's own callers can have one."""
    layers = special_lab(lab, name)
    check(run_helper(helper, lab.target, *lab.options(layers)))
    assert_writable_stack(lab)
    unmount(lab.target)


@pytest.mark.parametrize("name", ("a,b", "a b,c"))
def test_quoted_value(installed, lab, name):
    """The older way to write a comma, which mount(8) hands on with its quotes."""
    layers = special_lab(lab, name)
    values = {"lowerdir": ":".join(map(str, layers)), "upperdir": lab.upper, "workdir": lab.work}
    check(mount8(lab, *(f'{key}="{value}"' for key, value in values.items())))
    assert_writable_stack(lab)


def test_unpaired_quote_in_a_path(installed, lab):
    """mount(8) loses the options from there on."""
    upper = lab.directory / 'a"b'
    upper.mkdir()
    outcome = mount8(lab, f"upperdir={upper}", f"workdir={lab.work}", lowerdir(lab.layers(2)))
    assert outcome.code == 1 and "lowerdir" in outcome.err
    assert record_at(lab.target) is None


def fuse_mount(mount_fuse, lab, *words):
    return run("mount.fuse", "overlay", lab.target, *words, "-t", "nydus-overlayfs", **mount_fuse)


def test_mount_fuse_as_containerd_calls_it(mount_fuse, lab, options):
    outcome = fuse_mount(mount_fuse, lab, *(word for option in options for word in ("-o", option)))
    assert_mounted_like(lab, outcome, options)
    outcome = fuse_mount(mount_fuse, lab, "-o", "nosuid", "-o", "nodev", *("-o", ",".join(options)), "-o", "ro")
    assert_mounted_like(lab, outcome, ["nosuid,nodev,ro", *options])


def test_mount_program_without_the_helpers_long_name(mount_fuse, lab, options):
    """Then mount(8) calls mount.fuse, and that a shell, and that the short name."""
    os.rename(f"/usr/sbin/{HELPER}", "/usr/sbin/nydus-overlayfs")
    outcome = mount8(lab, *options, **mount_fuse)
    assert_mounted_like(lab, outcome, options)


def test_mount_fuse_drops_switches(mount_fuse, lab, options, other_namespace):
    """-f, -n and -N do not come through: with -f there is a mount all the same."""
    joined = ",".join(options)
    for switches in (("-f",), ("-n",), ("-N", f"/proc/{other_namespace}/ns/mnt")):
        outcome = fuse_mount(mount_fuse, lab, *switches, "-o", joined)
        assert_mounted_like(lab, outcome, options)
        assert record_at(lab.target, other_namespace) is None


@pytest.mark.parametrize("name", [name for name in SPECIAL_NAMES if name != "-o"] + ['a"b'], ids=repr)
def test_special_names_through_mount_fuse(mount_fuse, lab, name):
    layers = special_lab(lab, name)
    check(fuse_mount(mount_fuse, lab, *(word for option in lab.options(layers) for word in ("-o", option))))
    assert_writable_stack(lab)


def test_mount_fuse_without_source(mount_fuse, lab, options):
    """An empty source is left out, and the target comes first."""
    outcome = run("mount.fuse", "", lab.target, "-o", ",".join(options), "-t", "nydus-overlayfs", **mount_fuse)
    assert_mounted_like(lab, outcome, options)


def test_mount_fuse_drop_privileges_is_refused(mount_fuse, lab, options):
    if not os.path.exists("/dev/fuse"):
        skip("/dev/fuse is missing")
    outcome = fuse_mount(mount_fuse, lab, "-o", ",".join(["drop_privileges", *options]))
    assert outcome.code != 0
    assert "overlay" not in [record.kind for record in records_at(lab.target)]
    if record_at(lab.target):
        unmount(lab.target, MNT_DETACH)
