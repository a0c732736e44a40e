# SPDX-License-Identifier: Apache-2.0
"""The Debian packages as files: what they hold, what they ask for, what lintian and blhc say of them."""

import functools
import re
import stat
import subprocess

import pytest
from binary_lab import HARDENING, Binary, build_id_of, output_of
from binary_lab.deb_file import DebFile
from package_lab.artefacts import TREE, NotBuilt, artefact
from package_lab.installed import CONFIGURATION, HELPER, TOOL

SCHEMAS = "/usr/share/nydus-overlayfs/schema/"

# lintian finds these in packages that debhelper makes by itself and that no override file reaches.
EXPLAINED = {
    f"{package}-dbgsym: unknown-field Static-Built-Using": f"copied from {package}, where it is overridden"
    for package in ("nydus-overlayfs", "nydus-overlayctl")
}


def packages_documented(package):
    folder = f"/usr/share/doc/{package}/"
    return {folder + name for name in ("changelog.Debian.gz", "changelog.gz", "copyright")} | {
        f"/usr/share/lintian/overrides/{package}"
    }


CONTENTS = {
    "nydus-overlayfs": packages_documented("nydus-overlayfs")
    | {
        HELPER,
        "/usr/sbin/nydus-overlayfs",
        "/usr/share/man/man5/nydus-overlayfs-payload.5.gz",
        "/usr/share/man/man8/mount.fuse.nydus-overlayfs.8.gz",
        "/usr/share/man/man8/nydus-overlayfs.8.gz",
    },
    "nydus-overlayctl": packages_documented("nydus-overlayctl")
    | {
        CONFIGURATION,
        TOOL,
        "/usr/share/bash-completion/completions/nydus-overlayctl",
        "/usr/share/man/man1/nydus-overlayctl.1.gz",
        "/usr/share/man/man5/nydus-overlayfs-config.5.gz",
    },
}
RELATIONS = {
    "nydus-overlayfs": {"Depends": {"fuse3"}, "Recommends": {"nydus-overlayctl"}, "Enhances": {"containerd"}},
    "nydus-overlayctl": {"Suggests": {"nydus-overlayfs"}},
}
ALL_RELATIONS = (
    "Pre-Depends Depends Recommends Suggests Enhances Breaks Conflicts Replaces Provides Essential Protected".split()
)
LIBRARIES = {"libc6", "libgcc-s1", "libgflags2.2", "libmount1", "libstdc++6"}
# Debian 13 named it anew when time_t became longer.
CRYPTO = {"debian12": "libssl3", "debian13": "libssl3t64"}
COMPILER = {"debian12": "gcc-12", "debian13": "gcc-14"}
BOOST = {"debian12": "boost1.74", "debian13": "boost1.83"}
# What apt goes by when a node comes to the next Debian.
RELEASE_MARK = {"debian12": "~deb12u1", "debian13": "~deb13u1"}

both = pytest.mark.parametrize("package", ["nydus-overlayfs", "nydus-overlayctl"])


def built(release, beginning, ending):
    try:
        return artefact(release, beginning, ending)
    except NotBuilt as reason:
        return pytest.fail(str(reason), pytrace=False)


@pytest.fixture(scope="module")
def deb_of(release):
    return functools.cache(lambda package: DebFile(built(release, f"{package}_", ".deb")))


@pytest.fixture(scope="module")
def program_of(deb_of, tmp_path_factory):
    """A packaged program with the symbols of its debug package."""

    @functools.cache
    def find(package, path):
        folder = tmp_path_factory.mktemp(package)
        program = deb_of(package).unpack(folder / "program") / path.lstrip("/")
        build_id = build_id_of(program)
        symbols = deb_of(f"{package}-dbgsym").unpack(folder / "symbols")
        return Binary(program, symbols / f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug")

    return find


@both
def test_package_holds_what_it_should_and_nothing_else(deb_of, package):
    paths = deb_of(package).paths()
    schemas = {path for path in paths if path.startswith(SCHEMAS)}
    assert paths - schemas == CONTENTS[package]
    assert all(path.endswith(".schema.json") for path in schemas)
    assert bool(schemas) == (package == "nydus-overlayctl")


@both
def test_everything_belongs_to_root_and_has_no_special_rights(deb_of, package):
    for name, entry in deb_of(package).entries.items():
        assert (entry.uname, entry.gname, entry.uid, entry.gid) == ("root", "root", 0, 0), name
        if entry.issym():
            continue
        executable = entry.isdir() or name in (HELPER, TOOL)
        assert stat.S_IMODE(entry.mode) == (0o755 if executable else 0o644), name
        # Where a tar archive would hold file capabilities.
        assert not entry.pax_headers, name


@both
def test_package_runs_nothing_when_it_is_installed(deb_of, package):
    assert deb_of(package).control.keys() - {"conffiles"} == {"control", "md5sums"}


def test_only_configuration_is_a_conffile(deb_of):
    assert deb_of("nydus-overlayctl").control["conffiles"].split() == [CONFIGURATION]
    assert "conffiles" not in deb_of("nydus-overlayfs").control


def test_other_name_is_a_relative_link(deb_of):
    assert deb_of("nydus-overlayfs").entries["/usr/sbin/nydus-overlayfs"].linkname == "mount.fuse.nydus-overlayfs"


def test_helper_asks_for_fuse3_and_nothing_else(deb_of):
    deb = deb_of("nydus-overlayfs")
    assert {name: deb.packages_in(name) for name in ALL_RELATIONS if name in deb.fields} == RELATIONS["nydus-overlayfs"]


def test_tool_asks_for_the_libraries_that_it_links(deb_of, release):
    deb = deb_of("nydus-overlayctl")
    wanted = RELATIONS["nydus-overlayctl"] | {"Depends": LIBRARIES | {CRYPTO[release]}}
    assert {name: deb.packages_in(name) for name in ALL_RELATIONS if name in deb.fields} == wanted


@pytest.mark.parametrize(
    "package,field,other",
    [("nydus-overlayfs", "Recommends", "nydus-overlayctl"), ("nydus-overlayctl", "Suggests", "nydus-overlayfs")],
)
def test_other_package_is_wanted_in_the_same_version(deb_of, package, field, other):
    """The tool may refuse the request of a helper of another version."""
    fields = deb_of(package).fields
    assert fields[field].strip() == f"{other} (= {fields['Version']})"


def built_using(deb):
    relations = deb.fields["Static-Built-Using"].split(", ")
    return dict(re.fullmatch(r"(\S+) \(= (\S+)\)", relation).groups() for relation in relations)


def test_field_names_the_sources_of_the_headers_in_the_tool(deb_of, release):
    assert built_using(deb_of("nydus-overlayctl")).keys() == {BOOST[release], "nlohmann-json3", "tomlplusplus"}


def test_field_names_the_sources_of_what_is_linked(deb_of, release):
    versions = built_using(deb_of("nydus-overlayfs"))
    assert versions.keys() == {"musl", "llvm-toolchain-19", "nlohmann-json3", COMPILER[release]}
    if release == "debian12":
        installed = output_of("dpkg-query", "-W", "-f", "${source:Version}", "musl-dev")
        assert versions["musl"] == installed


@both
def test_version_names_the_release_that_it_was_built_for(deb_of, release, package):
    assert deb_of(package).fields["Version"].endswith(RELEASE_MARK[release])


@both
def test_maintainer_and_homepage_are_filled_in(deb_of, package):
    fields = deb_of(package).fields
    assert re.fullmatch(r"[^<@]+ <[^@>]+@[^@>]+>", fields["Maintainer"])
    assert fields["Homepage"].startswith("https://")


def test_helper_links_nothing_and_finds_the_tool_where_it_is_installed(program_of):
    helper = program_of("nydus-overlayfs", HELPER)
    assert helper.needed() == set()
    assert "INTERP" not in helper.segments
    assert f"\0{TOOL}\0".encode() in helper.path.read_bytes()
    told = output_of(helper.path, "--version")
    assert told.startswith("mount.fuse.nydus-overlayfs ") and told.endswith(" (musl)\n")


@pytest.mark.parametrize(
    "package,path,source",
    [("nydus-overlayfs", HELPER, "mount_helper/main.cc"), ("nydus-overlayctl", TOOL, "ctl/main.cc")],
    ids=["helper", "tool"],
)
def test_debug_symbols_are_in_a_package_of_their_own(program_of, package, path, source):
    program = program_of(package, path)
    assert ".debug_info" not in program.sections and ".symtab" not in program.sections
    address = next(line.split()[1] for line in program.symbols.splitlines() if line.endswith(" main"))
    assert re.search(rf"{source}:\d+", output_of("addr2line", "-e", program.symbols_from, address))


@pytest.mark.parametrize(
    "package,path,build", [("nydus-overlayfs", HELPER, "musl"), ("nydus-overlayctl", TOOL, "tool")], ids=["helper", "tool"]
)
@pytest.mark.parametrize("feature", HARDENING, ids=lambda feature: feature.replace(" ", "-"))
def test_hardening_is_as_the_table_says(program_of, feature, package, path, build):
    expected = HARDENING[feature][build]
    assert program_of(package, path).has(feature) == (expected is True), expected


def test_lintian_finds_nothing_that_is_not_explained(release):
    command = ["lintian", "--display-info", "--pedantic", "--tag-display-limit", "0", "--allow-root", "--color=never"]
    command += ["--fail-on", "none", built(release, "nydus-overlayfs_", ".changes")]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    tags = {line.partition(": ")[2] for line in found.stdout.splitlines()}
    assert tags - EXPLAINED.keys() == set()
    if release == "debian12":
        assert EXPLAINED.keys() <= tags


def test_every_override_has_its_reason():
    overrides = list((TREE / "packaging" / "debian").rglob("*lintian-overrides"))
    assert overrides
    for path in overrides:
        before = ""
        for line in path.read_text().splitlines():
            assert line.startswith("#") or before.startswith("#"), f"{path.name}: {line}"
            before = line


def test_compilers_were_called_as_debian_wants(release):
    done = subprocess.run(["blhc", built(release, "nydus-overlayfs_", ".build")], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "")
