# SPDX-License-Identifier: Apache-2.0
"""Beside the Go helper of the same name: who is executed, what doctor says, and the way back."""

import pytest

from package_lab.debian_node import examine, start_container
from package_lab.debian_packages import small_package
from package_lab.installed import HELPER_PACKAGE, TOOL_PACKAGE
from package_lab.selection import on_debian_12

NYDUS_STATIC = "nydus-static"
OF_NYDUS_STATIC = "/usr/bin/nydus-overlayfs"


@pytest.fixture
def nydus_static(go_helper, tmp_path):
    """As the nydus project's own package of that name: the Go helper in /usr/bin."""
    return small_package(tmp_path, NYDUS_STATIC, {OF_NYDUS_STATIC: go_helper})


def test_both_packages_can_be_installed_and_ours_wins(node, packages, nydus_static, show_user_ids):
    node.install(nydus_static)
    node.install(*packages.both)
    node.assert_whole(HELPER_PACKAGE, TOOL_PACKAGE, NYDUS_STATIC)
    started = start_container(node, show_user_ids)
    started.assert_all_works()
    report = started.report()
    assert report.severities("helper") == {"ok"}
    assert "/usr/sbin/nydus-overlayfs" in str(report.named("helper"))


@on_debian_12
@pytest.mark.parametrize("folder", ["/usr/local/sbin", "/usr/local/bin"])
def test_one_installed_by_hand_wins_and_doctor_says_so(node, packages, go_helper, folder):
    node.install(*packages.both)
    node.root.copy_in(go_helper, f"{folder}/nydus-overlayfs")
    finding = examine(node).named("helper-shadowed")[0]
    assert finding["severity"] == "error"
    assert f"{folder}/nydus-overlayfs" in str(finding) and "hides '/usr/sbin/nydus-overlayfs'" in str(finding)
    node.run(["rm", f"{folder}/nydus-overlayfs"])
    assert examine(node).severities("helper") == {"ok"}


@on_debian_12
def test_doctor_is_right_about_who_wins(node, packages, go_helper, show_user_ids):
    node.install(*packages.both)
    node.root.copy_in(go_helper, "/usr/local/bin/nydus-overlayfs")
    started = start_container(node, show_user_ids)
    assert "nosuid" in started.output, "our helper ran"
    assert "helper-shadowed" in started.report().text()


def test_way_back_by_removing_our_package(node, packages, nydus_static, show_user_ids):
    node.install(nydus_static)
    node.install(*packages.both)
    node.apt("remove", HELPER_PACKAGE)
    started = start_container(node, show_user_ids)
    assert "nosuid" in started.output, "the Go helper did not run"
    assert "helper-go" in started.report().text()


@on_debian_12
def test_way_back_by_a_link_and_forth_again(node, packages, nydus_static, show_user_ids):
    node.install(nydus_static)
    node.install(*packages.both)
    node.run(["ln", "-s", OF_NYDUS_STATIC, "/usr/local/sbin/nydus-overlayfs"])
    assert "nosuid" in start_container(node, show_user_ids).output
    node.run(["rm", "/usr/local/sbin/nydus-overlayfs"])
    start_container(node, show_user_ids).assert_all_works()
