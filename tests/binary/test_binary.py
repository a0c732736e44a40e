# SPDX-License-Identifier: Apache-2.0
"""What each build of the helper, and the tool, links and how it is hardened."""

import os
import stat
import subprocess

import pytest

from binary_lab import HARDENING, privileges

SMALLEST_PROMISED = 200 * 1000  # bytes of the stripped musl build

@pytest.mark.parametrize("build", ["musl", "static", "shared", "tool"])
@pytest.mark.parametrize("feature", HARDENING, ids=lambda feature: feature.replace(" ", "-"))
def test_hardening_is_as_the_table_says(binary_of, feature, build):
    expected = HARDENING[feature][build]
    assert binary_of(build).has(feature) == (expected is True), expected


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


def test_installation_goes_where_the_prefix_says(binary_of, tmp_path):
    build = binary_of("musl").path.parents[1]
    subprocess.run(["cmake", "--install", build, "--prefix", tmp_path], check=True, stdout=subprocess.DEVNULL)
    assert os.readlink(tmp_path / "sbin" / "nydus-overlayfs") == "mount.fuse.nydus-overlayfs"
    assert (tmp_path / "sbin" / "nydus-overlayfs").exists()


def test_installation_has_the_man_page_for_both_names(installed):
    assert ".TH" in installed_file(installed, "mount.fuse.nydus-overlayfs.8").read_text()
    assert installed_file(installed, "nydus-overlayfs.8").read_text() == ".so man8/mount.fuse.nydus-overlayfs.8\n"


def test_installation_sets_no_privilege(installed):
    assert privileges(installed) == []
