# SPDX-License-Identifier: Apache-2.0
"""Around and beyond 4096 bytes of options, where mount(2) cuts them off without a word."""

import os

import pytest
from mount_lab.lab import assert_content, escape, lowerdir, make_layer
from mount_lab.records import record_at, table
from mount_lab.running import check, mount, run_helper, unmount
from mount_lab.tracing import traced

pytest_plugins = ["mount_lab.fixtures"]

LIMIT = 4096
NAME_MAX = 255
PATH_MAX = 4096
INTERFACES = "mount,fsopen,fsconfig,fsmount,move_mount"
# As a snapshotter's: /var/lib/containerd-nydus/snapshots/NUMBER/fs.
LONG_NAME = "snapshots-of-a-node-in-the-middle-of-nowhere/{}/and-then-some-more-to-make-a-path-long/fs"


def assert_layers(lab, layers):
    assert_content(lab.target, len(layers))
    record = record_at(lab.target)
    assert (record.kind, record.source) == ("overlay", "overlay")
    words = record.super_words()
    assert [word for word in words if word.startswith("lowerdir+=")] == [f"lowerdir+={layer}" for layer in layers]


def mount_data(options):
    return ",".join(options)


def layers_for(lab, length, *words, writable=True):
    """Layers that make the options exactly `length` bytes long."""
    count = 25
    shortest = [lab.directory / f"{number:03}" for number in range(count)]
    fixed = len(mount_data(lab.options(shortest, *words, writable=writable)))
    padding = [(length - fixed) // count + (number < (length - fixed) % count) for number in range(count)]
    layers = [lab.layer(f"{number:03}" + "x" * more, number) for number, more in enumerate(padding)]
    assert len(mount_data(lab.options(layers, *words, writable=writable))) == length
    return layers


@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_last_length_that_mount_takes(helper, lab, tmp_path, writable):
    options = lab.options(layers_for(lab, LIMIT - 1, writable=writable), writable=writable)
    outcome, calls = traced(tmp_path / "log", INTERFACES, helper.path, "overlay", lab.target, "-o", mount_data(options))
    check(outcome)
    assert len(calls) == 1 and " mount(" in calls[0] and mount_data(options) in calls[0]
    assert_content(lab.target, 25)
    assert lowerdir(lab_layers(options)) in record_at(lab.target).super_words()


def lab_layers(options):
    return options[0].removeprefix("lowerdir=").split(":")


@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_first_length_that_mount_cuts(helper, lab, tmp_path, writable):
    layers = layers_for(lab, LIMIT, writable=writable)
    options = lab.options(layers, writable=writable)
    outcome, calls = traced(tmp_path / "log", INTERFACES, helper.path, "overlay", lab.target, "-o", mount_data(options))
    check(outcome)
    assert not [call for call in calls if " mount(" in call]
    assert [call for call in calls if " move_mount(" in call]
    assert_layers(lab, layers)


def test_flags_are_no_part_of_the_length(helper, lab, tmp_path):
    """Only what overlay gets counts: flags, payloads and words for mount(8) do not."""
    options = lab.options(layers_for(lab, LIMIT - 1))
    words = ["rw", "nosuid", "nodev", "nofail", "x-systemd.automount", "_netdev", "comment=" + "c" * 3000]
    outcome, calls = traced(
        tmp_path / "log", INTERFACES, helper.path, "overlay", lab.target, "-o", mount_data(words + options)
    )
    check(outcome)
    assert len(calls) == 1 and " mount(" in calls[0]
    assert_content(lab.target, 25)


def test_no_wrong_layer_after_the_cut(helper, lab):
    """Cut at 4095 bytes, these options name another directory that exists, and lose the last layer."""
    wrong, layer, last = lab.directory / "d1", lab.directory / "d12", lab.directory / "L2"
    fixed = len(f"lowerdir={layer}") - 1
    count = 20
    total = LIMIT - 1 - fixed
    above = []
    for number in range(count):
        size = total // count + (number < total % count)
        above.append(lab.directory / f"{number:02}".ljust(size - 2 - len(str(lab.directory)), "a"))
    layers = [*above, layer, last]
    for number, path in enumerate(layers):
        make_layer(path, number)
    make_layer(wrong, 99)
    data = lowerdir(layers)
    assert data[: LIMIT - 1].endswith("/d1") and data[LIMIT - 1 :] == f"2:{last}"

    mount("overlay", lab.target, "overlay", data=data)
    assert (lab.target / "only-in-99").exists() and not (lab.target / "only-in-21").exists()
    unmount(lab.target)

    check(run_helper(helper, lab.target, data))
    assert_layers(lab, layers)
    assert not (lab.target / "only-in-99").exists()


@pytest.mark.parametrize("count", (41, 64, 111, 499, 500))
@pytest.mark.parametrize("writable", (True, False), ids=("upper", "lower-only"))
def test_many_layers(helper, lab, count, writable):
    layers = lab.layers(count, LONG_NAME)
    options = lab.options(layers, "nosuid", writable=writable)
    assert len(mount_data(options)) > LIMIT
    check(run_helper(helper, lab.target, *options))
    assert_layers(lab, layers)
    assert "nosuid" in record_at(lab.target).flags()
    assert (lab.target / "new").exists() is False
    if writable:
        (lab.target / "new").write_text("new")
        assert (lab.upper / "new").read_text() == "new"


@pytest.mark.parametrize("name", ("l{}", LONG_NAME), ids=("short-names", "long-names"))
def test_one_layer_too_many(helper, lab, name):
    layers = lab.layers(501, name)
    before = (table(), lab.tree())
    outcome = run_helper(helper, lab.target, *lab.options(layers))
    assert outcome.code == 32
    assert "500" in outcome.err and outcome.err.count("\n") == 1
    assert (table(), lab.tree()) == before


def test_path_components_of_the_longest_kind(helper, lab):
    layers = [lab.layer("c" * NAME_MAX, 0), lab.layer(f"{'d' * NAME_MAX}/{'e' * NAME_MAX}", 1)]
    check(run_helper(helper, lab.target, *lab.options(layers)))
    assert_content(lab.target, 2)
    unmount(lab.target)

    layers += [lab.layer(f"{number:03}".ljust(NAME_MAX, "f"), number) for number in range(2, 30)]
    check(run_helper(helper, lab.target, *lab.options(layers, "metacopy=off")))
    assert_layers(lab, layers)


@pytest.mark.parametrize("count", (2, 60), ids=("short", "long"))
def test_path_component_too_long(helper, lab, count):
    layers = [lab.directory / ("c" * (NAME_MAX + 1)), *lab.layers(count, LONG_NAME)]
    before = (table(), lab.tree())
    outcome = run_helper(helper, lab.target, *lab.options(layers))
    assert outcome.code == 32
    assert "name too long" in outcome.err and "lower directory 1" in outcome.err
    assert (table(), lab.tree()) == before


def deep_path(lab, letter, length):
    """A path of exactly this length, as deep as need be."""
    path = str(lab.directory)
    while len(path) + NAME_MAX + 1 < length:
        path += "/" + letter * 200
    return path + "/" + letter * (length - len(path) - 1)


def make_deep_layer(path, number):
    """A directory whose path is as long as the kernel takes, with files in it."""
    directory, name = os.path.split(path)
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    make_layer(name, number)
    os.chdir("/")


@pytest.mark.parametrize("length", (255, 256, 300, 1000, 3500, PATH_MAX - 1))
@pytest.mark.parametrize("others", (1, 60), ids=("short", "long"))
def test_long_paths(helper, lab, length, others):
    """The first and another layer have long paths; with 60 ordinary ones more they never fit into 4096 bytes."""
    layers = [deep_path(lab, letter, length) for letter in "ab"]
    for number, path in enumerate(layers):
        make_deep_layer(path, number)
    layers += [lab.layer(LONG_NAME.format(number), number) for number in range(2, 2 + others)]
    check(run_helper(helper, lab.target, *lab.options(layers)))
    assert_content(lab.target, len(layers))
    assert record_at(lab.target).kind == "overlay"


@pytest.mark.parametrize("length", (255, 256, 1000, 3900))
@pytest.mark.parametrize("others", (1, 60), ids=("short", "long"))
def test_long_upper_and_work_directories(helper, lab, length, others):
    lab.upper, lab.work = deep_path(lab, "u", length), deep_path(lab, "w", length)
    os.makedirs(lab.upper)
    os.makedirs(lab.work)
    layers = lab.layers(1 + others, LONG_NAME)
    check(run_helper(helper, lab.target, *lab.options(layers)))
    assert_content(lab.target, len(layers))
    (lab.target / "new").write_text("new")
    os.chdir(lab.upper)
    with open("new") as file:
        assert file.read() == "new"


def test_names_with_every_special_byte(helper, lab):
    """The kernel takes escapes out of some of the strings of a file system context, not of all."""
    name = "a b,c:d\\e\"f'g\nh\ti#j=k;l$m%n"
    lab.upper, lab.work = lab.directory / f"upper {name}", lab.directory / f"work {name}"
    lab.upper.mkdir()
    lab.work.mkdir()
    layers = lab.layers(60, LONG_NAME + name)
    check(run_helper(helper, lab.target, *lab.options(layers)))
    assert_content(lab.target, 60)
    (lab.target / "new").write_text("new")
    assert (lab.upper / "new").read_text() == "new"


def test_data_only_layers(helper, lab):
    layers, data_layers = lab.layers(50, LONG_NAME), [lab.layer("data-only-1", 50), lab.layer("data-only-2", 51)]
    options = lab.options(layers, "metacopy=on", "redirect_dir=on")
    options[0] += "".join(f"::{escape(layer)}" for layer in data_layers)
    check(run_helper(helper, lab.target, *options))
    assert_content(lab.target, 50)
    words = record_at(lab.target).super_words()
    assert [word for word in words if word.startswith("datadir+=")] == [f"datadir+={layer}" for layer in data_layers]


def test_relative_paths(helper, lab):
    """They mean the caller's working directory, whatever the helper does with its own."""
    for count in (2, 60):
        layers = [layer.relative_to(lab.directory) for layer in lab.layers(count, f"of-{count}-" + LONG_NAME)]
        check(run_helper(helper, "target", lowerdir(layers), "upperdir=upper", "workdir=work", cwd=lab.directory))
        assert_content(lab.target, count)
        (lab.target / f"new-{count}").write_text("new")
        assert (lab.upper / f"new-{count}").read_text() == "new"
        unmount(lab.target)
