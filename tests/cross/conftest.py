# SPDX-License-Identifier: Apache-2.0
"""Builds for 64-bit Arm, run by an emulator that is called by name: binfmt_misc is often not mounted."""

import functools
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent.parent
EMULATOR = "qemu-aarch64-static"


def unavailable(reason):
    if "cross" in os.environ.get("NYDUS_REQUIRE", "").split(","):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def run(*command, **keywords):
    return subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **keywords
    )


def run_or_fail(*command, **keywords):
    finished = run(*command, **keywords)
    if finished.returncode:
        # No trace back: it would print the whole environment.
        pytest.fail("\n".join([" ".join(map(str, command)), *finished.stdout.splitlines()[-30:]]), pytrace=False)
    return finished.stdout


@pytest.fixture(scope="session")
def sysroot():
    fetched = subprocess.run([HERE / "fetch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if fetched.returncode:
        unavailable(fetched.stderr.strip().splitlines()[-1])
    return pathlib.Path(fetched.stdout.strip())


@pytest.fixture(scope="session")
def built(sysroot):
    """A function from a preset's name to its finished build folder."""
    environment = os.environ | {"NYDUS_AARCH64_SYSROOT": str(sysroot)}
    @functools.cache
    def build_log(preset):
        """Nothing if it succeeded. A failure is remembered too: the next test would only wait for it again."""
        for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset]):
            finished = run(*command, cwd=SOURCE, env=environment)
            if finished.returncode:
                return finished.stdout
        return ""

    def build(preset):
        if log := build_log(preset):
            pytest.fail(f"{preset} was not built:\n" + "\n".join(log.splitlines()[-30:]), pytrace=False)
        return SOURCE / "build" / preset

    return build


@pytest.fixture(scope="session")
def missing_system_calls(sysroot, tmp_path_factory):
    """Names of the system calls that the emulator does not know."""
    program = tmp_path_factory.mktemp("system-calls") / "system_calls"
    run_or_fail("aarch64-linux-gnu-g++", "-static", "-O1", "-o", program, HERE / "system_calls.cc")
    return run_or_fail(EMULATOR, program).split()
