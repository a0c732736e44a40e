# SPDX-License-Identifier: Apache-2.0
"""tests/setup/packages brings what the builders of packages want: a freshly installed machine has none of it."""

import re

from package_lab.artefacts import TREE

# What packaging/release, tests/check and the workflows have installed before they build a package.
INSTALLED_FOR_PACKAGES = ("build", "check", "packaging")


def packages_in(name):
    lines = (TREE / "tests/setup/packages" / name).read_text().splitlines()
    return {line for line in lines if not line.startswith("#")}


def build_depends():
    """The names that dpkg-buildpackage looks for, and what it takes for granted."""
    control = (TREE / "packaging/debian/control").read_text()
    field = re.search(r"^Build-Depends:\n((?: .*\n)+)", control, re.MULTILINE)[1]
    names = set(re.findall(r"^ ([a-z0-9.+-]+)", field, re.MULTILINE))
    return names - {"debhelper-compat"} | {"debhelper", "build-essential"}


def test_lists_have_what_debian_packages_are_built_with():
    listed = set().union(*map(packages_in, INSTALLED_FOR_PACKAGES))
    assert build_depends() - listed == set()


def test_list_for_packages_repeats_no_other():
    assert packages_in("packaging") & (packages_in("build") | packages_in("check")) == set()
