# SPDX-License-Identifier: Apache-2.0
"""What each build of the helper, and the tool, links and how it is hardened."""

import os
import shutil
import stat
import subprocess

import pytest

SMALLEST_PROMISED = 200 * 1000  # bytes of the stripped musl build

# Feature, how it shows, and for each build True or the reason why it cannot apply. Where a reason stands the feature
# must be absent, so that the table is corrected when the reason goes away.
NO_PIE = "static-PIE costs 5 % of the process's start (one relocation pass, one more page fault)"
TABLE = [
    ("stack protector", {"musl": True, "static": True, "shared": True, "tool": True}),
    ("no executable stack", {"musl": True, "static": True, "shared": True, "tool": True}),
    ("RELRO", {"musl": True, "static": True, "shared": True, "tool": True}),
    (
        "immediate binding",
        {
            "musl": "nothing is bound at run time",
            "static": "nothing is bound at run time",
            "shared": True,
            "tool": True,
        },
    ),
    ("position independent", {"musl": NO_PIE, "static": NO_PIE, "shared": True, "tool": True}),
    (
        "FORTIFY_SOURCE",
        {"musl": "musl has no checking variants of functions", "static": True, "shared": True, "tool": True},
    ),
    (
        "control-flow protection",
        {
            "musl": "the distribution's musl is built without it, and one object without takes it from all",
            "static": True,
            "shared": True,
            "tool": True,
        },
    ),
]


def has(binary, feature):
    stack = next(line for line in binary.segments.splitlines() if "GNU_STACK" in line)
    return {
        "stack protector": "__stack_chk_fail" in binary.symbols,
        "no executable stack": " RWE " not in stack,
        "RELRO": "GNU_RELRO" in binary.segments,
        "immediate binding": "BIND_NOW" in binary.dynamic,
        "position independent": "DYN (" in binary.header,
        "FORTIFY_SOURCE": "_chk@" in binary.symbols or "__fortify_fail" in binary.symbols,
        "control-flow protection": "GNU_PROPERTY" in binary.segments,
    }[feature]


@pytest.mark.parametrize("build", ["musl", "static", "shared", "tool"])
@pytest.mark.parametrize("feature,builds", TABLE, ids=[row[0].replace(" ", "-") for row in TABLE])
def test_hardening_is_as_the_table_says(binary_of, feature, builds, build):
    expected = builds[build]
    assert has(binary_of(build), feature) == (expected is True), expected


@pytest.mark.parametrize("build", ["musl", "static"])
def test_static_builds_link_nothing(binary_of, build):
    binary = binary_of(build)
    assert binary.needed() == set()
    assert "INTERP" not in binary.segments


def test_shared_build_links_libc_alone(binary_of):
    # The loader belongs to libc; libstdc++'s static archive asks it for thread-local storage.
    others = {name for name in binary_of("shared").needed() if not name.startswith("ld-linux")}
    assert others == {"libc.so.6"}


def test_tool_links_the_libraries_that_packages_depend_on(binary_of):
    names = {name.partition(".so")[0] for name in binary_of("tool").needed()}
    assert names <= {"libc", "libcrypto", "libgcc_s", "libgflags", "libmount", "libstdc++", "ld-linux-x86-64"}


def test_musl_build_is_small(binary_of, tmp_path):
    stripped = tmp_path / "stripped"
    subprocess.run(["strip", "-o", stripped, binary_of("musl").path], check=True)
    assert stripped.stat().st_size < SMALLEST_PROMISED


@pytest.mark.parametrize("build", ["musl", "static", "shared", "tool"])
def test_binary_names_no_folder_of_the_build(binary_of, build, tmp_path):
    stripped = tmp_path / "stripped"
    binary = binary_of(build)
    subprocess.run(["strip", "-o", stripped, binary.path], check=True)
    assert str(binary.path.parents[3]).encode() not in stripped.read_bytes()


@pytest.mark.parametrize("build", ["musl", "static", "shared"])
def test_version_names_the_c_library(binary_of, build):
    told = subprocess.run([binary_of(build).path, "--version"], check=True, stdout=subprocess.PIPE, text=True)
    assert told.stdout.startswith("mount.fuse.nydus-overlayfs ")
    assert told.stdout.endswith(f"({build})\n")


def installed_file(installed, name):
    found = [path for path in installed.rglob(name) if path.is_file() or path.is_symlink()]
    assert len(found) == 1, found
    return found[0]


def test_installation_has_both_names(installed):
    helper = installed_file(installed, "mount.fuse.nydus-overlayfs")
    link = installed_file(installed, "nydus-overlayfs")
    assert stat.S_IMODE(helper.stat().st_mode) == 0o755
    assert os.readlink(link) == "mount.fuse.nydus-overlayfs"
    assert link.parent == helper.parent and helper.parent.name == "sbin"


def test_installation_has_the_man_page_for_both_names(installed):
    assert ".TH" in installed_file(installed, "mount.fuse.nydus-overlayfs.8").read_text()
    assert installed_file(installed, "nydus-overlayfs.8").read_text() == ".so man8/mount.fuse.nydus-overlayfs.8\n"


def test_installation_sets_no_privilege(installed):
    for path in installed.rglob("*"):
        assert path.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID) == 0, path
        if shutil.which("getcap") and path.is_file():
            assert subprocess.run(["getcap", path], check=True, stdout=subprocess.PIPE).stdout == b""
