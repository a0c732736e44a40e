# SPDX-License-Identifier: Apache-2.0
"""The RPM packages: what is in them, and what rpm does with them on a fresh root."""

import os
import stat
import subprocess

import pytest

from binary_lab import Binary, hardening_differences
from package_lab.artefacts import TREE, NotBuilt
from package_lab.debian_node import examine, start_container
from package_lab.fresh_root import FreshRoot
from package_lab.rpm_packages import (
    MOUNT_FUSE,
    RPMLINT_CONFIGURATION,
    SPEC,
    RpmMachine,
    package_without_files,
    packages_of,
    provided_by_libraries,
    query,
)
from package_lab.installed import ALIAS, CONFIGURATION, HELPER, HELPER_PACKAGE, TOOL, TOOL_PACKAGE
from package_lab.sample_mount import SampleMount

# What the programs may link: libc, and the tool the libraries that the spec names.
OF_LIBC = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "rtld"}
OF_TOOL = OF_LIBC | {"libcrypto.so.3", "libgcc_s.so.1", "libgflags.so.2.2", "libmount.so.1", "libstdc++.so.6"}


def packages_or_failure(older=False):
    try:
        return packages_of(older)
    except NotBuilt as reason:
        return pytest.fail(str(reason), pytrace=False)


@pytest.fixture(scope="module")
def packages():
    return packages_or_failure()


@pytest.fixture(scope="module")
def older():
    """The same tree packed as version 0.0.9."""
    return packages_or_failure(older=True)


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    """What a distribution brings, as packages: the libraries of Debian's root, and mount.fuse."""
    folder = tmp_path_factory.mktemp("surroundings")
    with FreshRoot("debian12", "node") as root:
        libraries = provided_by_libraries(root.path("/"))
    return {
        "libraries": package_without_files(folder, "libraries", libraries),
        "fuse": package_without_files(folder, "fuse", {MOUNT_FUSE}),
    }


@pytest.fixture
def bare():
    """A machine on which rpm has installed nothing."""
    with FreshRoot("debian12", "node") as root:
        yield RpmMachine(root)


@pytest.fixture
def machine(bare, surroundings):
    """A machine that has what our packages require, and the folder for licences that every RPM distribution has."""
    bare.install(*surroundings.values())
    bare.root.path("/usr/share/licenses").mkdir()
    return bare


def names_of(dependencies):
    """The names without versions and without rpm's own features: libc.so.6 of libc.so.6(GLIBC_2.34)(64bit)."""
    return {entry.split("(")[0].split(" ")[0] for entry in dependencies if not entry.startswith("rpmlib(")}


def test_rpmlint_finds_nothing_that_is_not_explained(packages, tmp_path):
    command = ["rpmlint", "-c", RPMLINT_CONFIGURATION, SPEC, packages.source, *packages.both]
    environment = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert " 0 errors, 0 warnings" in done.stdout and done.returncode == 0, done.stdout + done.stderr


def test_looking_at_a_package_leaves_nothing_in_the_home_directory(packages, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert query(packages.tool, "%{name}") == [TOOL_PACKAGE]
    assert list(tmp_path.iterdir()) == []


def test_build_leaves_nothing_in_the_home_directory(tmp_path):
    """All that packaging/rpm/build does but rpmbuild, which stands still here: it packs the tree and asks rpm."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    for folder in (home, programs):
        folder.mkdir()
    (programs / "rpmbuild").write_text('#!/bin/sh\necho "$@" >>"$0.calls"\n')
    (programs / "rpmbuild").chmod(0o755)
    environment = os.environ | {"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run([TREE / "packaging/rpm/build", tmp_path], env=environment, capture_output=True, check=False)
    calls = (programs / "rpmbuild.calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["-bs", "-bb"]
    # Without a database it can look at no package, and makes none.
    assert all(" --nodeps " in call for call in calls)
    assert list(home.iterdir()) == []


def test_helper_requires_libc_and_mount_fuse_alone(packages):
    assert names_of(query(packages.helper, None, "--requires")) == OF_LIBC - {"libm.so.6"} | {MOUNT_FUSE}
    assert query(packages.helper, None, "--conflicts") == query(packages.helper, None, "--obsoletes") == []


def test_tool_requires_its_libraries_alone(packages):
    assert names_of(query(packages.tool, None, "--requires")) <= OF_TOOL | {"config"}


def test_packages_provide_their_names_and_know_each_other(packages):
    version = query(packages.helper, "%{version}-%{release}")[0]
    for package, name, other, relation in (
        (packages.helper, HELPER_PACKAGE, TOOL_PACKAGE, "--recommends"),
        (packages.tool, TOOL_PACKAGE, HELPER_PACKAGE, "--suggests"),
    ):
        assert f"{name} = {version}" in query(package, None, "--provides")
        assert query(package, None, relation) == [f"{other}(x86-64) = {version}"]


def test_files_are_where_they_belong(packages):
    helper = set(query(packages.helper, None, "-l"))
    assert {path for path in helper if "/doc/" not in path and "/licenses/" not in path and "build-id" not in path} == {
        HELPER,
        ALIAS,
        "/usr/share/man/man5/nydus-overlayfs-payload.5.gz",
        "/usr/share/man/man8/mount.fuse.nydus-overlayfs.8.gz",
        "/usr/share/man/man8/nydus-overlayfs.8.gz",
    }
    tool = set(query(packages.tool, None, "-l"))
    assert {TOOL, CONFIGURATION, "/usr/share/bash-completion/completions/nydus-overlayctl"} <= tool
    schemas = {path.name for path in (TREE / "packaging" / "schema").glob("*.schema.json")}
    assert {os.path.basename(path) for path in tool if path.endswith(".schema.json")} == schemas
    assert query(packages.tool, None, "--configfiles") == [CONFIGURATION]


def test_licence_is_marked_as_such_in_each_package(packages):
    for package in packages.both:
        assert [os.path.basename(path) for path in query(package, None, "--licensefiles")] == ["LICENSE", "third-party-notices.txt"]


def test_files_are_roots_and_without_special_rights(packages):
    for package in packages.both:
        for line in query(package, "[%{filemodes} %{fileusername}:%{filegroupname} %{filenames}|%{filecaps}\\n]"):
            mode, owner, rest = line.split(" ", 2)
            mode = int(mode) & 0xFFFF
            assert owner == "root:root", line
            assert rest.endswith("|(none)"), f"file capabilities: {line}"
            if not stat.S_ISLNK(mode):
                assert mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH) == 0, line


def test_packages_run_nothing_on_installation(packages):
    for package in packages.both:
        assert query(package, None, "--scripts", "--triggers", "--filetriggers") == []


def test_helper_without_mount_fuse_is_refused_and_the_message_names_it(bare, surroundings, packages):
    bare.install(surroundings["libraries"])
    before = bare.files()
    refused = bare.install(packages.helper, check=False)
    assert refused.returncode != 0
    assert f"{MOUNT_FUSE} is needed by {HELPER_PACKAGE}-" in refused.stderr
    assert bare.files() == before


def test_install_and_erase_leave_nothing(machine, packages):
    before = machine.files()
    machine.install(*packages.both)
    machine.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE)
    after = machine.files()
    assert {path for path in before if after.get(path) != before[path]} == set()
    machine.erase(HELPER_PACKAGE, TOOL_PACKAGE)
    assert machine.files() == before


@pytest.mark.parametrize("way", ["by_mount", "by_mount_fuse"])
def test_installed_helper_mounts(machine, packages, way):
    machine.install(packages.helper)
    mount = SampleMount(machine)
    getattr(mount, way)()
    mount.assert_works()
    mount.unmount()


def test_installed_tool_runs_and_finds_nothing_wrong(machine, packages):
    machine.install(*packages.both)
    assert machine.version_of(TOOL) == machine.version_of(HELPER) == query(packages.tool, "%{version}")[0]
    report = examine(machine)
    for name in ("mount-fuse", "helper", "mount8-helper", "tool"):
        assert report.severities(name) == {"ok"}, report.text()


def test_containerd_and_runc_start_a_container(machine, packages, show_user_ids):
    machine.install(*packages.both)
    start_container(machine, show_user_ids).assert_all_works()


def test_installed_programs_are_hardened_and_link_what_they_may(machine, packages):
    machine.install(*packages.both)
    programs = {"shared": machine.root.path(HELPER), "tool": machine.root.path(TOOL)}
    assert [line for kind, path in programs.items() for line in hardening_differences(path, kind)] == []
    assert Binary(programs["shared"]).needed() <= OF_LIBC


def test_upgrade_keeps_what_the_administrator_wrote(machine, older, packages):
    machine.install(*older.both)
    assert machine.version_of(HELPER) == machine.version_of(TOOL) == "0.0.9"
    machine.shell(f"echo 'layout = \"go\"' >>{CONFIGURATION}")
    machine.install(*packages.both)
    assert machine.version_of(HELPER) == machine.version_of(TOOL) == query(packages.tool, "%{version}")[0]
    assert machine.run(["tail", "-n1", CONFIGURATION]).stdout == 'layout = "go"\n'
    machine.assert_whole(HELPER_PACKAGE)


def test_mount_of_the_older_version_lives_through_the_upgrade(machine, older, packages):
    machine.install(older.helper)
    mount = SampleMount(machine)
    mount.by_mount()
    machine.install(packages.helper)
    mount.assert_works()
    mount.unmount()


def test_erase_keeps_what_the_administrator_wrote_under_another_name(machine, packages):
    machine.install(packages.tool)
    machine.shell(f"echo 'layout = \"go\"' >>{CONFIGURATION}")
    machine.erase(TOOL_PACKAGE)
    assert machine.root.path(f"{CONFIGURATION}.rpmsave").exists()
    assert not machine.root.path(CONFIGURATION).exists()
