# SPDX-License-Identifier: Apache-2.0
"""The spec file as rpm reads it on each family of distributions, told to it by their macros: none of them is at hand."""

import re
import subprocess

import pytest

from package_lab.rpm_packages import SPEC

THEIR_CMAKE = {"cmake": "configure_as_they_do", "cmake_build": "build_as_they_do", "cmake_install": "install_as_they_do"}
THEIR_CMAKE |= {"ctest": "test_as_they_do"}
MERGED_SBIN = {"_sbindir": "/usr/bin"}

DISTRIBUTIONS = {
    "fedora41": {"fedora": "41", "dist": ".fc41", **THEIR_CMAKE},
    "fedora42": {"fedora": "42", "dist": ".fc42", **THEIR_CMAKE, **MERGED_SBIN},
    "el9": {"rhel": "9", "el9": "1", "dist": ".el9", **THEIR_CMAKE},
    "el10": {"rhel": "10", "el10": "1", "dist": ".el10", **THEIR_CMAKE},
    "opensuse": {"suse_version": "1600", **THEIR_CMAKE},
    "debian": {},
}
SPLIT_SBIN = [name for name, macros in DISTRIBUTIONS.items() if "_sbindir" not in macros]


class Spec:
    """The spec file on one of these, built with `conditions` such as ("--with", "musl")."""

    def __init__(self, distribution, *conditions):
        definitions = [f"{name} {value}" for name, value in DISTRIBUTIONS[distribution].items()]
        self._words = [word for text in definitions for word in ("--define", text)] + list(conditions)

    def _rpmspec(self, *words):
        command = ["rpmspec", *words, *self._words, SPEC]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def of_helper(self, tag):
        """The values of a tag of the helper's package."""
        lines = self._rpmspec("-q", "--qf", f"[%{{name}} %{{{tag}}}\\n]").splitlines()
        return {line.split(" ", 1)[1] for line in lines if line.startswith("nydus-overlayfs ")}

    def build_requires(self):
        return {line.split()[0] for line in self._rpmspec("-q", "--buildrequires").splitlines()}

    def expanded(self):
        return self._rpmspec("-P")

    def files(self):
        return {line for line in self.expanded().splitlines() if line.startswith("/")}


@pytest.fixture(params=DISTRIBUTIONS)
def distribution(request):
    return request.param


def test_package_names_say_the_distribution():
    spec = Spec("fedora42")
    assert spec.of_helper("release") == {"1.fc42"}


def test_helper_requires_mount_fuse_where_the_distribution_says_that_it_is(distribution):
    place = "/usr/bin" if distribution == "fedora42" else "/usr/sbin"
    assert f"{place}/mount.fuse" in Spec(distribution).of_helper("requires")


@pytest.mark.parametrize("distribution", SPLIT_SBIN)
def test_helper_goes_beside_upstream_packages_where_sbin_is_a_folder(distribution):
    spec = Spec(distribution)
    assert {"/usr/sbin/mount.fuse.nydus-overlayfs", "/usr/sbin/nydus-overlayfs"} <= spec.files()
    assert "nydus-static" not in spec.of_helper("conflicts")


def test_helper_conflicts_with_upstream_packages_where_sbin_is_bin():
    spec = Spec("fedora42")
    assert {"/usr/bin/mount.fuse.nydus-overlayfs", "/usr/bin/nydus-overlayfs"} <= spec.files()
    assert not any(path.startswith("/usr/sbin") for path in spec.files())
    assert "nydus-static" in spec.of_helper("conflicts")


def test_helper_recommends_the_tool_of_its_own_version(distribution):
    assert "nydus-overlayctl(x86-64)" in Spec(distribution).of_helper("recommends")


def test_el9_compiles_with_a_newer_toolset():
    spec = Spec("el9")
    assert {"gcc-toolset-14-gcc-c++", "gcc-toolset-14-annobin-plugin-gcc"} <= spec.build_requires()
    assert "gcc-c++" not in spec.build_requires()
    enabled = spec.expanded().split(". /opt/rh/gcc-toolset-14/enable\n")
    assert [part.lstrip().startswith(begin) for part, begin in zip(enabled[1:], ("configure_as", "test_as"))] == [True] * 2


@pytest.mark.parametrize("distribution", [name for name in DISTRIBUTIONS if name != "el9"])
def test_others_compile_with_their_own_compiler(distribution):
    spec = Spec(distribution)
    assert "gcc-c++" in spec.build_requires()
    assert "toolset" not in spec.expanded()


def test_static_libstdcxx_is_asked_for_where_it_is_a_package_of_its_own(distribution):
    has = "libstdc++-static" in Spec(distribution).build_requires()
    assert has == (distribution in ("fedora41", "fedora42", "el10"))
    assert "libstdc++-static" not in Spec(distribution, "--with", "musl").build_requires()


def test_boost_headers_have_the_name_of_the_distribution(distribution):
    expected = "libboost_headers-devel" if distribution == "opensuse" else "boost-devel"
    assert {name for name in Spec(distribution).build_requires() if "boost" in name} == {expected}


@pytest.mark.parametrize("distribution", [name for name in DISTRIBUTIONS if name != "debian"])
def test_macros_of_the_distribution_are_used(distribution):
    text = Spec(distribution).expanded()
    assert [word for word in THEIR_CMAKE.values() if word not in text] == []
    assert not re.search(r"^\s*cmake ", text, re.MULTILINE)


def test_where_there_are_no_macros_cmake_is_called():
    text = Spec("debian").expanded()
    for call in ("cmake -S . -B build", "cmake --build build", "cmake --install build", "ctest --test-dir build"):
        assert call in text, call


def test_helper_is_for_the_shared_libc_unless_musl_is_asked_for(distribution):
    assert "-DNYDUS_HELPER_LIBC=shared\n" in Spec(distribution).expanded()
    assert "musl-libc-static" not in Spec(distribution).build_requires()
    musl = Spec(distribution, "--with", "musl")
    assert "-DNYDUS_HELPER_LIBC=musl\n" in musl.expanded()
    assert {"clang", "lld", "libcxx-devel", "musl-devel", "musl-libc-static"} <= musl.build_requires()


def test_unit_tests_run_unless_they_are_declined(distribution):
    spec = Spec(distribution)
    assert "-DBUILD_TESTING=ON" in spec.expanded() and "-L unit" in spec.expanded()
    assert {"pkgconfig(gtest)", "pkgconfig(gmock)"} <= spec.build_requires()
    without = Spec(distribution, "--without", "check")
    assert "-DBUILD_TESTING=OFF" in without.expanded() and "-L unit" not in without.expanded()
    assert {"pkgconfig(gtest)", "pkgconfig(gmock)"} & without.build_requires() == set()


def test_only_the_identity_is_left_to_be_filled_in():
    assert set(re.findall(r"@\w+@", SPEC.read_text())) == {"@MAINTAINER@", "@HOMEPAGE@"}
