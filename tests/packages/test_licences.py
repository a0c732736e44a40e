# SPDX-License-Identifier: Apache-2.0
"""packaging/components.toml says under which licences the programs are; every other place that says it agrees."""

import subprocess
import tomllib

import pytest
from package_lab.artefacts import TREE
from package_lab.components import COMPONENTS, load_script
from package_lab.installed import HELPER_PACKAGE, TOOL_PACKAGE
from package_lab.rpm_packages import RPMLINT_CONFIGURATION, SPEC

# What the builds of the helper load, and the tool of the DEB and the RPM; that of the archive has more linked into it.
NEEDED = {
    "musl": [],
    "shared": ["libc.so.6"],
    "tool": ["libgflags.so.2.2", "libmount.so.1", "libcrypto.so.3", "libstdc++.so.6", "libgcc_s.so.1", "libc.so.6"],
}
# The spec's packages: name, condition of the build, and the program in it.
RPMS = [(HELPER_PACKAGE, "--without", "shared"), (HELPER_PACKAGE, "--with", "musl"), (TOOL_PACKAGE, "--without", "tool")]
# As debian/copyright and the notices name what the programs contain.
NAMES = {
    "musl-dev": "musl",
    r"libc\+\+-[0-9]+-dev": "libc++",
    "nlohmann-json3-dev": "nlohmann/json",
    r"libgcc-[0-9]+-dev": "GCC's libraries",
    r"libstdc\+\+-[0-9]+-dev": "GCC's libraries",
    r"libboost[0-9.]+-dev": "Boost's headers",
    "libtomlplusplus-dev": "toml++",
    "libgflags-dev": "gflags",
    "libssl-dev": "OpenSSL",
}


def counted(kind):
    """The components whose licences are those of a program."""
    script = load_script()
    program = script.Program(script.TOOL if kind == "tool" else script.HELPER, b"", "x86_64", NEEDED[kind])
    assert program.kind == kind
    return [entry for entry in COMPONENTS if script.contains(program, entry) and not script.is_trace(program, entry)]


def licences_of(kind):
    return {"Apache-2.0"} | {entry["licence"] for entry in counted(kind)}


def licence_in_spec(package, condition):
    command = ["rpmspec", "-q", "--qf", "%{name}\t%{license}\n", condition, "musl", SPEC]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("\t") for line in told.splitlines())[package]


@pytest.mark.parametrize("package,condition,kind", RPMS, ids=[kind for _, _, kind in RPMS])
def test_spec_has_the_licences_of_what_the_program_contains(package, condition, kind):
    licence = licence_in_spec(package, condition).split(" AND ")
    assert sorted(licence) == sorted(licences_of(kind))


def test_rpmlint_knows_the_licences_of_the_spec_alone():
    told = {licence_in_spec(package, condition) for package, condition, _ in RPMS}
    assert set(tomllib.loads(RPMLINT_CONFIGURATION.read_text())["ValidLicenses"]) == told


def test_copyright_file_of_debian_names_what_the_programs_contain_and_nothing_else():
    [comment] = (TREE / "packaging/debian/copyright").read_text().split("\nComment:")[1:]
    text = " ".join(comment.split("\n .\n")[0].split())
    contained = {NAMES[entry["package"]] for kind in ("musl", "tool") for entry in counted(kind)}
    assert {name for name in set(NAMES.values()) if name in text} == contained


def test_notices_name_all_that_any_program_contains():
    text = (TREE / "packaging/third-party-notices.txt").read_text().replace("libraries of GCC", "GCC's libraries")
    assert {name for name in set(NAMES.values()) if name in text} == set(NAMES.values())
