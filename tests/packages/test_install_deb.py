# SPDX-License-Identifier: Apache-2.0
"""The Debian packages come by apt with all they need, and go without a trace."""

import os
import re
import stat

from package_lab.artefacts import TREE
from package_lab.installed import ALIAS, CONFIGURATION, HELPER, HELPER_PACKAGE, TOOL, TOOL_PACKAGE
from package_lab.selection import on_debian_12


@on_debian_12
def test_command_of_the_readme_installs_both_from_a_relative_folder(plain, packages):
    """apt takes build/packages for a package of a release called `packages`, unless the path begins with ./ or /."""
    command = re.search(r"`packaging/debian/build FOLDER`, then `(.*)` \|", (TREE / "README.md").read_text())[1]
    for package in packages.both:
        plain.root.copy_in(package, f"/root/build/packages/{package.name}")
    plain.shell("cd && " + command.replace("FOLDER", "build/packages").replace("apt install", "apt-get install -q -y"))
    plain.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE, "fuse3")


def test_apt_install_of_the_file_brings_fuse3_along(plain, packages):
    assert not plain.is_installed("fuse3")
    plain.install(packages.helper)
    assert plain.is_installed("fuse3")
    plain.assert_whole(HELPER_PACKAGE)
    assert plain.run([HELPER, "--version"]).stdout == plain.run([ALIAS, "--version"]).stdout


def test_apt_install_by_name_brings_the_tool_along(plain, packages):
    plain.offer(packages.both)
    plain.apt("install", HELPER_PACKAGE)
    plain.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE, "fuse3")
    assert plain.version_of(TOOL) == plain.version_of(HELPER)


def test_without_recommends_there_is_no_tool_and_no_library(plain, packages):
    of_fuse3 = plain.would_install("fuse3")
    plain.offer(packages.both)
    assert plain.would_install("--no-install-recommends", HELPER_PACKAGE) == of_fuse3 | {HELPER_PACKAGE}


@on_debian_12
def test_the_tool_alone_needs_no_helper(plain, packages):
    plain.install(packages.tool)
    plain.assert_whole(TOOL_PACKAGE)
    assert not plain.is_installed("fuse3")
    assert plain.run([TOOL, "--help"]).returncode == 0


def test_no_file_has_special_rights_and_none_is_outside_of_usr_and_etc(node, packages):
    before = node.files()
    node.install(*packages.both)
    added = node.files().keys() - before.keys()
    assert {HELPER, ALIAS, TOOL, CONFIGURATION} <= added
    assert {path for path in added if not path.startswith(("/usr/", "/etc/nydus-overlayfs"))} == set()
    for path in added:
        file = node.root.path(path).lstat()
        assert "security.capability" not in os.listxattr(node.root.path(path), follow_symlinks=False), path
        assert (file.st_uid, file.st_gid) == (0, 0), path
        if not stat.S_ISLNK(file.st_mode):
            assert file.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH) == 0, path


def test_install_touches_nothing_that_was_there_and_purge_leaves_nothing(node, packages):
    before = node.files()
    node.install(*packages.both)
    after = node.files()
    assert {path for path in before if after.get(path) != before[path]} == set()
    node.apt("purge", HELPER_PACKAGE, TOOL_PACKAGE)
    assert node.files() == before
    assert node.status(HELPER_PACKAGE) == node.status(TOOL_PACKAGE) == ""


def test_purge_with_what_came_along_leaves_no_more_than_fuse3_alone_leaves(plain, packages):
    plain.offer(packages.both)
    plain.apt("install", "fuse3")
    plain.apt("autopurge", "fuse3")
    before = plain.files()
    plain.apt("install", HELPER_PACKAGE)
    plain.apt("autopurge", HELPER_PACKAGE)
    assert not plain.is_installed("fuse3")
    assert plain.files() == before


@on_debian_12
def test_removal_keeps_what_the_administrator_wrote_and_purge_does_not(node, packages):
    node.install(*packages.both)
    node.shell(f"echo 'layout = \"go\"' >>{CONFIGURATION}")
    node.apt("remove", HELPER_PACKAGE, TOOL_PACKAGE)
    assert node.run(["tail", "-n1", CONFIGURATION]).stdout == 'layout = "go"\n'
    node.install(*packages.both)
    assert node.run(["tail", "-n1", CONFIGURATION]).stdout == 'layout = "go"\n'
    node.apt("purge", HELPER_PACKAGE, TOOL_PACKAGE)
    assert not node.root.path("/etc/nydus-overlayfs").exists()
