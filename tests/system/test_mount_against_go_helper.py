# SPDX-License-Identifier: Apache-2.0
"""The Go helper, nydus-overlayfs v0.16.1, given the same command lines: alike where it is right."""

import contextlib
import json
import random
from pathlib import Path

import pytest
from mount_lab.lab import assert_content, make_layer
from mount_lab.payloads import extra_option, kata_volume
from mount_lab.records import record_at
from mount_lab.requirements import need_program, skip
from mount_lab.running import MNT_DETACH, mount, run, run_mount_program, unmount

pytest_plugins = ["mount_lab.fixtures"]

CAPTURES = Path(__file__).resolve().parents[1] / "data" / "captured-command-lines.json"
GENERATED = 200
SHORTEST_CUT = 4096
# From here on the Go helper works from another directory, and mountinfo shows relative layers.
COMPACTED = 3584
PAYLOADS = ("extraoption=", "io.katacontainers.volume=")
# Words that clear a flag, which the Go helper sets.
CLEARING_WORDS = {"rw", "suid", "dev", "exec", "async", "diratime", "norelatime", "nostrictatime", "loud", "nolazytime"}
WORDS = (
    *("ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "sync", "dirsync"),
    *("rw", "suid", "dev", "exec", "async", "volatile", "dev,suid", "index=off", "index=on", "xino=off", "metacopy=on"),
    *("redirect_dir=on", "userxattr", "default_permissions", "nfs_export=off", "uuid=on"),
)


@pytest.fixture(scope="module")
def go_helper():
    return need_program("go_helper")


def words_of(options):
    return options.split(",")


def value_of(options, key):
    return next((word.split("=", 1)[1] for word in words_of(options) if word.startswith(f"{key}=")), None)


def layers_of(options):
    return value_of(options, "lowerdir").split(":")


def for_the_kernel(options):
    return [word for word in words_of(options) if not word.startswith(PAYLOADS)]


@contextlib.contextmanager
def directories(lab, target, options):
    """Everything that the options name, new: an upper directory that has been mounted once is another one."""
    place = lab.directory / "r"
    place.mkdir(exist_ok=True)
    mount("rebased", place, "tmpfs")
    layers = layers_of(options)
    others = list(filter(None, (value_of(options, "upperdir"), value_of(options, "workdir"), target)))
    try:
        assert all(Path(directory).is_relative_to(place) for directory in (*layers, *others))
        for number, layer in enumerate(layers):
            make_layer(layer, number)
        for directory in others:
            Path(directory).mkdir(parents=True, exist_ok=True)
        yield
    finally:
        unmount(place, MNT_DETACH)


def leave_by(lab, target, options, command):
    """What the command leaves at the target; None after a failure."""
    with directories(lab, target, options):
        outcome = command()
        record = record_at(target)
        assert (outcome.code == 0) == (record is not None), outcome
        return record


def by_helper(program, lab, target, options):
    return leave_by(lab, target, options, lambda: run(program, "overlay", target, "-o", options))


def by_mount_program(lab, target, options, *without):
    words = [word for word in for_the_kernel(options) if word not in without]
    return leave_by(lab, target, options, lambda: run_mount_program(target, *words))


# The Go helper's mounts and mount(8)'s, by target and options: the same for all builds of ours.
known_records = {}


def cached(kind, target, options, make):
    key = (kind, str(target), options)
    if key not in known_records:
        known_records[key] = make()
    return known_records[key]


def compare(helper, go_helper, lab, target, options):
    """One command line for both helpers; what the Go helper did wrong, or None."""
    theirs = cached("go", target, options, lambda: by_helper(go_helper, lab, target, options))
    words, layers = set(words_of(options)), layers_of(options)
    size = len(",".join(for_the_kernel(options)))

    if len(layers) == 1 and not value_of(options, "upperdir"):
        ours = by_helper(helper.path, lab, target, options)
        assert theirs is None
        assert ours.kind == "tmpfs" and "ro" in ours.flags()
        return "one layer"
    if size >= SHORTEST_CUT:
        with directories(lab, target, options):
            assert run(helper.path, "overlay", target, "-o", options).code == 0
            assert_content(target, len(layers))
            ours = record_at(target)
        recorded = [word for word in ours.super_words() if word.startswith("lowerdir+")]
        assert recorded == [f"lowerdir+={layer}" for layer in layers]
        return "long"

    ours = by_helper(helper.path, lab, target, options)
    temporary = "volatile" in words and Path(target).name.startswith("containerd-mount")
    without = ("volatile",) if temporary else ()
    expected = cached("mount", target, options, lambda: by_mount_program(lab, target, options, *without))
    assert ours == expected, options
    if temporary:
        assert theirs is None or "volatile" in theirs.super_options or not value_of(options, "upperdir")
        return "volatile"
    if CLEARING_WORDS & words:
        return "flags" if theirs != ours else None
    if size >= COMPACTED:
        return "relative layers"
    assert theirs == ours, options
    return None


def rebased(lab, path):
    return f"{lab.directory}/r{path}"


def rebased_options(lab, options):
    words = []
    for word in words_of(options):
        key, _, value = word.partition("=")
        if key in ("lowerdir", "upperdir", "workdir"):
            word = f"{key}=" + ":".join(rebased(lab, path) for path in value.split(":"))
        words.append(word)
    return ",".join(words)


def test_captured_command_lines(helper, go_helper, lab):
    if not CAPTURES.exists():
        skip(f"{CAPTURES} is missing")
    faults = {}
    for capture in json.loads(CAPTURES.read_text()):
        _, source, target, _, options = capture["argv"]
        assert source == "overlay"
        faults[capture["name"]] = compare(helper, go_helper, lab, rebased(lab, target), rebased_options(lab, options))
    assert len(faults) > 20
    assert {"flags", "long", "one layer", "volatile"} <= set(faults.values())
    # The last two words are always dev,suid, so no mount of the Go helper is as it was asked for.
    assert None not in faults.values()


def generate(lab, chance, number):
    """A command line as mount.fuse or mount(8) could have put it together."""
    place = f"{lab.directory}/r/{'long' * chance.choice((1, 1, 1, 5, 10))}"
    layers = [f"{place}/{layer}/fs" for layer in range(chance.choice((1, 1, 2, 2, 3, 5, 8, 40, 80)))]
    words = ["lowerdir=" + ":".join(layers)]
    if chance.random() < 0.7:
        words += [f"upperdir={place}/upper/fs", f"workdir={place}/upper/work"]
    words += chance.sample(WORDS, chance.randrange(5))
    if chance.random() < 0.5:
        words.append(chance.choice((extra_option(), kata_volume())))
    chance.shuffle(words)
    name = "containerd-mount" if chance.random() < 0.3 else "rootfs-"
    return f"{place}/{name}{number}", ",".join(words)


def test_generated_command_lines(helper, go_helper, lab):
    chance = random.Random(20)
    faults = [compare(helper, go_helper, lab, *generate(lab, chance, number)) for number in range(GENERATED)]
    counts = {fault: faults.count(fault) for fault in set(faults)}
    assert {None, "flags", "long", "one layer"} <= set(counts)
    assert counts[None] > GENERATED / 8


@pytest.mark.parametrize(
    "words, wrong",
    (
        ("dev,suid", {"nodev", "nosuid"}),
        ("rw", {"ro"}),
        ("exec", {"noexec"}),
        ("ro,rw", {"ro"}),
    ),
)
def test_flags_that_the_go_helper_gets_wrong(helper, go_helper, lab, words, wrong):
    place = lab.directory / "r"
    options = f"lowerdir={place}/a:{place}/b,upperdir={place}/u,workdir={place}/w,{words}"
    assert wrong < by_helper(go_helper, lab, place / "t", options).flags()
    assert not wrong & by_helper(helper.path, lab, place / "t", options).flags()
    assert by_helper(helper.path, lab, place / "t", options) == by_mount_program(lab, place / "t", options)


def test_volatile_in_containerds_two_mounts(helper, go_helper, lab):
    """First to look up a user, then for the container: the Go helper fails at the second."""
    place = lab.directory / "r"
    options = f"volatile,lowerdir={place}/a,upperdir={place}/u,workdir={place}/w"
    for program, codes in ((go_helper, [0, 1]), (helper.path, [0, 0])):
        with directories(lab, place / "rootfs", options):
            ends = []
            for name in ("containerd-mount1", "rootfs"):
                (place / name).mkdir(exist_ok=True)
                ends.append(run(program, "overlay", place / name, "-o", options).code)
                if ends[-1] == 0:
                    unmount(place / name)
            assert ends == codes
