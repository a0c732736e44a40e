# SPDX-License-Identifier: Apache-2.0
"""packaging/bill-of-materials: a valid SPDX document that names all that the programs contain of others."""

import json
import os
import re
import shlex
import shutil
import subprocess
import urllib.parse
from pathlib import Path

import pytest
from nydus_stack.programs import Programs
from package_lab.artefacts import TREE, NotBuilt, artefact
from package_lab.components import COMPONENTS, SCRIPT, load_script

# Programs as tests/check builds them: folder of the build, target, path, and their kind in components.toml.
BUILDS = {
    "tool": ("build/release", "nydus_overlayctl", "ctl/nydus-overlayctl"),
    "musl": ("build/musl", "nydus_helper_program", "mount_helper/mount.fuse.nydus-overlayfs"),
    "shared": ("build/shared", "nydus_helper_program", "mount_helper/mount.fuse.nydus-overlayfs"),
}
# Headers that only say how a library or the kernel is called.
INTERFACES = {"linux-libc-dev", "libmount-dev", "libblkid-dev"}


def bill_of(folder):
    finished = subprocess.run([SCRIPT, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The whole release where there is one, else the archive of this machine."""
    if "NYDUS_RELEASE" in os.environ:
        return Path(os.environ["NYDUS_RELEASE"])
    try:
        archive = artefact("archive", "nydus-overlayfs-", "-linux-x86_64.tar.gz")
    except NotBuilt as reason:
        pytest.fail(str(reason), pytrace=False)
    folder = tmp_path_factory.mktemp("release") / "archive"
    folder.mkdir()
    shutil.copy(archive, folder)
    return folder.parent


@pytest.fixture(scope="module")
def document(folder):
    return json.loads(bill_of(folder))


def packages_of(document):
    return {package["SPDXID"]: package for package in document["packages"]}


def related(document, kind, one):
    packages = packages_of(document)
    return [
        packages[relation["relatedSpdxElement"]]
        for relation in document["relationships"]
        if relation["relationshipType"] == kind and relation["spdxElementId"] == one
    ]


def programs_in(document, artefact_name):
    [found] = [package for package in document["packages"] if package.get("packageFileName") == artefact_name]
    return {package["name"]: package for package in related(document, "CONTAINS", found["SPDXID"])}


def archive_names(document):
    names = [package.get("packageFileName", "") for package in document["packages"]]
    return [name for name in names if name.endswith("-linux-x86_64.tar.gz")]


def test_same_artefacts_give_the_same_document(folder, document):
    assert json.loads(bill_of(folder)) == document


def test_spdx_tools_find_it_valid(document, tmp_path):
    path = tmp_path / "bill.spdx.json"
    path.write_text(json.dumps(document))
    command = ["/usr/bin/python3", "-B", "-m", "spdx_tools.spdx.clitools.pyspdxtools", "--infile", path]
    environment = os.environ | {"PYTHONPATH": str(Programs().spdx_tools)}
    finished = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # Their status does not say what they found.
    assert (finished.returncode, finished.stdout) == (0, "")
    assert document["spdxVersion"] == "SPDX-2.3"


def test_every_package_is_reached(document):
    reached = {relation["relatedSpdxElement"] for relation in document["relationships"]}
    assert reached == set(packages_of(document))


def test_archive_contains_what_is_linked_statically(document):
    [name] = archive_names(document)
    programs = programs_in(document, name)
    expected = {"mount.fuse.nydus-overlayfs": "musl", "nydus-overlayctl": "tool"}
    assert programs.keys() == expected.keys()
    for program, kind in expected.items():
        contained = [package["name"] for package in related(document, "STATIC_LINK", programs[program]["SPDXID"])]
        patterns = [entry["package"] for entry in COMPONENTS if kind in entry["programs"]]
        assert len(contained) == len(patterns)
        for pattern in patterns:
            assert [package for package in contained if re.fullmatch(pattern, package)], pattern


def is_more_than_traces(package, libraries):
    [entry] = [entry for entry in COMPONENTS if re.fullmatch(entry["package"], package["name"])]
    library = entry.get("traces_if_needed")
    return library is None or not any(name.startswith(library) for name in libraries)


def test_licence_is_ours_and_those_of_all_that_is_contained(document):
    [name] = archive_names(document)
    programs = programs_in(document, name)
    of_archive = {"Apache-2.0"}
    for program in programs.values():
        libraries = {package["name"] for package in related(document, "DYNAMIC_LINK", program["SPDXID"])}
        linked = related(document, "STATIC_LINK", program["SPDXID"])
        contained = {package["licenseConcluded"] for package in linked if is_more_than_traces(package, libraries)}
        assert set(program["licenseConcluded"].split(" AND ")) == {"Apache-2.0"} | contained
        of_archive |= contained
    [archive] = [package for package in document["packages"] if package.get("packageFileName") == name]
    assert set(archive["licenseConcluded"].split(" AND ")) == of_archive
    assert archive["licenseDeclared"] == "Apache-2.0"


def test_package_urls_are_encoded(document):
    components = [package for package in document["packages"] if "externalRefs" in package]
    assert components
    for package in components:
        [locator] = [reference["referenceLocator"] for reference in package["externalRefs"]]
        assert re.fullmatch(r"pkg:deb/debian/[A-Za-z0-9.~%-]+@[A-Za-z0-9.~:%-]+", locator)
        assert urllib.parse.unquote(locator) == f"pkg:deb/debian/{package['name']}@{package['versionInfo']}"


def test_libraries_that_are_loaded_are_named(document):
    loaded = {package["name"] for package in document["packages"] if "-Library-" in package["SPDXID"]}
    assert {"libc.so.6", "libmount.so.1"} <= loaded


def test_versions_are_those_of_the_build_machine(document):
    [name] = archive_names(document)
    tool = programs_in(document, name)["nydus-overlayctl"]
    for package in related(document, "STATIC_LINK", tool["SPDXID"]):
        command = ["dpkg-query", "--show", "--showformat", "${Version}\\n", package["name"]]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        assert package["versionInfo"] in told.splitlines()


def test_copyright_files_say_the_licences(folder):
    installed = load_script().installed_in("/").packages
    for entry in COMPONENTS:
        names = [name for name in installed if re.fullmatch(entry["package"], name)]
        assert names, entry["package"]
        for name in names:
            assert entry["phrase"] in Path("/usr/share/doc", name, "copyright").read_text()


def linked_files(build, target, program):
    """Every file outside of the tree that the link takes something from."""
    commands = subprocess.run(
        ["ninja", "-C", build, "-t", "commands", target], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    [link] = [line for line in commands.splitlines() if f" -o {program} " in line]
    words = shlex.split(link.removeprefix(": && ").removesuffix(" && :"))
    words[words.index(program)] = "/dev/null"
    told = subprocess.run([*words, "-Wl,--trace"], cwd=build, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.partition("(")[0].strip() for line in told.splitlines() if line.startswith(("/", "("))}


def included_files(build):
    told = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return set(re.findall(r"^ +(\S+)$", told, re.MULTILINE))


def owners(files, build):
    real = {os.path.realpath(build / file) for file in files}
    outside = sorted(file for file in real if not file.startswith(f"{TREE}/") and ".so" not in Path(file).name)
    # Where /lib is a link to /usr/lib, dpkg may know a file by either name.
    told = subprocess.run(["dpkg-query", "--search", *outside], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split(":")[0] for line in told.splitlines()}


@pytest.mark.parametrize("kind", BUILDS)
def test_every_file_that_is_linked_or_included_belongs_to_a_component(kind):
    build, target, program = (TREE / BUILDS[kind][0], *BUILDS[kind][1:])
    if not (build / program).exists():
        not_built = f"binary: {build / program} is not built: tests/check helpers"
        if "binary" in os.environ.get("NYDUS_REQUIRE", "").split(","):
            pytest.fail(not_built, pytrace=False)
        pytest.skip(not_built)
    patterns = [entry["package"] for entry in COMPONENTS if kind in entry["programs"]]
    found = owners(linked_files(build, target, program) | included_files(build), build)
    assert found
    unknown = {name for name in found - INTERFACES if not any(re.fullmatch(pattern, name) for pattern in patterns)}
    assert unknown == set()
