# SPDX-License-Identifier: Apache-2.0
"""The helper and the unit tests on 64-bit Arm."""

import os
import struct

import pytest
from conftest import EMULATOR, run, run_or_fail, unavailable

HELPER = "mount_helper/mount.fuse.nydus-overlayfs"
PRESETS = ("aarch64-musl", "aarch64-gnu")
MACHINE_AARCH64 = 183
PROGRAM_INTERPRETER = 3
NEW_MOUNT_CALLS = {"fsopen", "fsconfig", "fsmount", "move_mount"}


@pytest.fixture(params=PRESETS)
def helper(built, request):
    return built(request.param) / HELPER


def mount_in_namespace(helper, folder, options, look):
    """Runs the helper and then the shell command `look` in a mount namespace made outside the emulator."""
    if os.geteuid() != 0:
        unavailable("mounting under the emulator needs root: it cannot make user namespaces")
    script = f'{EMULATOR} "$1" overlay "$2" -o "$3" && {{ {look}; }}'
    return run("unshare", "-m", "sh", "-c", script, "sh", helper, folder / "target", options)


def make_layers(parent, count):
    for number in range(1, count + 1):
        (parent / f"{number}").mkdir(parents=True)
        (parent / f"{number}/top").write_text(f"{number}\n")
        (parent / f"{number}/own-{number}").write_text("")
    return ":".join(f"{parent}/{number}" for number in range(1, count + 1))


def test_is_a_static_program_of_the_right_machine(helper):
    header = helper.read_bytes()
    assert struct.unpack_from("<H", header, 18)[0] == MACHINE_AARCH64
    offset, size, count = (
        struct.unpack_from("<Q", header, 32)[0],
        struct.unpack_from("<H", header, 54)[0],
        struct.unpack_from("<H", header, 56)[0],
    )
    kinds = [struct.unpack_from("<I", header, offset + index * size)[0] for index in range(count)]
    assert PROGRAM_INTERPRETER not in kinds


def test_says_its_version(helper):
    assert run_or_fail(EMULATOR, helper, "--version").startswith("mount.fuse.nydus-overlayfs ")


def test_bad_payload(helper, tmp_path):
    finished = run(EMULATOR, helper, "overlay", tmp_path, "-o", f"lowerdir={tmp_path},extraoption=!!!")
    assert finished.returncode == 1
    assert "extraoption" in finished.stdout


@pytest.mark.parametrize("count", [2, 100])
def test_mounts(helper, tmp_path, missing_system_calls, count):
    """100 layers are over 4095 bytes; an emulator without the new calls proves the way without them."""
    layers = make_layers(tmp_path / ("p" * 60), count)
    (tmp_path / "target").mkdir()
    look = f'cat "$2/top" && ls "$2/own-{count}" && grep " $2 " /proc/self/mountinfo'
    finished = mount_in_namespace(helper, tmp_path, f"ro,lowerdir={layers}", look)
    assert finished.returncode == 0, finished.stdout
    assert finished.stdout.startswith("1\n")
    if count == 100:
        assert len(layers) > 4095
        assert ("lowerdir+=" in finished.stdout) == (not NEW_MOUNT_CALLS & set(missing_system_calls))


def test_emulator_has_what_every_mount_needs(missing_system_calls):
    print("not known to the emulator:", *missing_system_calls)
    assert not {"close_range", "memfd_create", "statx", "setns"} & set(missing_system_calls)


def test_unit_tests(built, sysroot):
    """Whole programs: ctest would start the emulator once for each of their cases."""
    programs = sorted((built("aarch64-gnu") / "tests/unit").rglob("*_test"))
    programs = [program for program in programs if program.is_file() and os.access(program, os.X_OK)]
    assert programs
    for program in programs:
        run_or_fail(EMULATOR, "-L", sysroot, program, "--gtest_brief=1")
