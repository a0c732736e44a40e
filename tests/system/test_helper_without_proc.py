# SPDX-License-Identifier: Apache-2.0
"""Where /proc is missing, as in a bare chroot, or belongs to other processes, as behind -N."""

import pytest
from mount_lab.lab import lowerdir
from mount_lab.refusals import PREFIX
from mount_lab.running import run

pytest_plugins = ["mount_lab.fixtures"]

LONG_NAME = "long-names-fill-a-page-quickly-and-then-the-other-interface-is-needed-{}"
# In a mount namespace that ends with it; the listing of the target tells what is mounted there, layer or nothing.
SCRIPT = 'umount -l /proc && { "$@"; echo "exit $?"; cd / && ls "$target"; }'


def run_without_proc(helper, lab, *options, target=None, **settings):
    command = [helper.path, "overlay", target or lab.target, "-o", ",".join(options)]
    environment = {"PATH": "/usr/bin:/usr/sbin:/bin", "LC_ALL": "C", "target": str(lab.target)}
    return run("unshare", "-m", "sh", "-c", SCRIPT, "sh", *command, env=environment, **settings)


def listing(count):
    return "".join(f"{name}\n" for name in sorted([*(f"only-in-{number}" for number in range(count)), "topmost"]))


@pytest.mark.parametrize("count", (1, 2, 60), ids=("bind", "short", "long"))
@pytest.mark.parametrize("word", ("nosuid", "ro"))
def test_mounts(helper, lab, count, word):
    outcome = run_without_proc(helper, lab, word, *lab.options(lab.layers(count, LONG_NAME), writable=count > 1))
    assert (outcome.out, outcome.err) == (f"exit 0\n{listing(count)}", "")


def assert_fails_cleanly(outcome):
    assert outcome.out == "exit 32\n"
    assert outcome.err.startswith(PREFIX) and outcome.err.count("\n") == 1
    assert "/proc" in outcome.err


def test_short_relative_layers_are_refused(helper, lab):
    """The working directory is needed for the target, so the layers cannot be seen from it as well."""
    layers = [layer.name for layer in lab.layers(2)]
    assert_fails_cleanly(run_without_proc(helper, lab, lowerdir(layers), cwd=lab.directory))


@pytest.mark.parametrize("count", (1, 2, 60), ids=("bind", "short", "long"))
def test_propagation_does_not_stay_halfway(helper, lab, count):
    outcome = run_without_proc(helper, lab, "shared", *lab.options(lab.layers(count, LONG_NAME), writable=False))
    if outcome.out != f"exit 0\n{listing(count)}":
        assert_fails_cleanly(outcome)


def test_remount(helper, lab):
    lab.layers(2)
    options = ",".join(lab.options([lab.directory / "layer-0", lab.directory / "layer-1"]))
    script = (
        'umount -l /proc && "$1" overlay "$target" -o "$2" && touch "$target/a" && '
        '"$1" overlay "$target" -o remount,ro && ! touch "$target/b" 2>/dev/null && '
        '"$1" overlay "$target" -o remount,rw && touch "$target/c" && ls "$target"'
    )
    environment = {"PATH": "/usr/bin:/usr/sbin:/bin", "LC_ALL": "C", "target": str(lab.target)}
    outcome = run("unshare", "-m", "sh", "-c", script, "sh", helper.path, options, env=environment)
    assert (outcome.code, outcome.out, outcome.err) == (0, "a\nc\nonly-in-0\nonly-in-1\ntopmost\n", "")
