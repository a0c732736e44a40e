# SPDX-License-Identifier: Apache-2.0
"""packaging/release around builders that are quick: what it refuses, compares and leaves. The real ones it runs itself."""

import hashlib
import os
import re
import shutil
import subprocess
import time

import pytest
from package_lab.artefacts import TREE, files_of_tree

# Stands for packaging/archive/build: an archive that holds nothing but the time of all files and, if asked for, chance.
BUILDER = """#!/bin/bash
set -euo pipefail
mkdir -p "$1"
cd "$(mktemp -d)"
mkdir -p top
date --utc --date="@$SOURCE_DATE_EPOCH" >top/time
{more}
tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --mode=u=rwX,go=rX top | gzip -n >"$1/nydus-overlayfs-$2.tar.gz"
rm -r "$PWD"
"""
# Stands for packaging/rpm/build, whose other arguments go to rpmbuild.
RPM_BUILDER = """#!/bin/bash
set -euo pipefail
folder=$1
shift
[[ $* == "--without check" ]]
mkdir -p "$folder"
echo source >"$folder/nydus-overlayfs.src.rpm"
"""
# Stands for packaging/debian/build and tests/cross/trixie-root, whose folder comes last.
DEBIAN_BUILDER = """#!/bin/bash
set -euo pipefail
folder=${@: -1}
mkdir -p "$folder"
echo package >"$folder/nydus-overlayfs.changes"
echo "built in $PWD" >"$folder/nydus-overlayfs.build"
"""
# What the package tests of a whole release are given.
TEST_OF_ALL = """import os
from pathlib import Path

BUILT = Path(__file__).resolve().parents[2] / "build/packages"


def test_artefacts_are_those_of_the_release():
    release = Path(os.environ["NYDUS_RELEASE"])
    for path in [path for kind in ("debian12", "debian13", "rpm", "archive") for path in (release / kind).iterdir()]:
        assert (BUILT / path.parent.name / path.name).read_bytes() == path.read_bytes()
    assert {"packages", "release"} <= set(os.environ["NYDUS_REQUIRE"].split(","))


def test_logs_of_debian_builds_are_there():
    for kind in ("debian12", "debian13"):
        assert "built in" in (BUILT / kind / "nydus-overlayfs.build").read_text()
"""
# What the tests of one part are given: its artefact, and those of no other.
TEST_OF_ARCHIVES = """import os
from pathlib import Path

import pytest

BUILT = Path(__file__).resolve().parents[2] / "build/packages"


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_archive_is_there_and_alone(architecture):
    assert (BUILT / f"archive/nydus-overlayfs-{architecture}.tar.gz").exists()
    assert [path.name for path in BUILT.iterdir()] == ["archive"]
    assert "NYDUS_RELEASE" not in os.environ
"""
NAMED = {"NYDUS_MAINTAINER": "Somebody <somebody@example.org>", "NYDUS_HOMEPAGE": "https://example.org/a"}
PASSING_TEST = "def test_nothing():\n    pass\n"
FAILING_TEST = "def test_nothing():\n    assert False\n"


class Tree:
    """A copy of this tree with quick builders and no package tests."""

    def __init__(self, folder):
        self.folder = folder / "tree"
        self.output = folder / "releases" / "this"
        for name in files_of_tree():
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TREE / name, target, follow_symlinks=False)
        shutil.rmtree(self.folder / "tests/packages")
        for name in ("test_nothing.py", "test_archive.py", "test_rpm.py"):
            self.write(f"tests/packages/{name}", PASSING_TEST)
        self.build_with("")
        self.write("packaging/rpm/build", RPM_BUILDER)
        self.write("packaging/debian/build", DEBIAN_BUILDER)
        self.write("tests/cross/trixie-root", DEBIAN_BUILDER)
        self.git("init", "--quiet")
        self.commit()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build_with(self, more):
        self.write("packaging/archive/build", BUILDER.format(more=more))

    def replace(self, name, old, new):
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def git(self, *arguments):
        who = ("-c", "user.name=nobody", "-c", "user.email=nobody@invalid")
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, stdout=subprocess.PIPE)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=all")

    def tag(self):
        """Makes it fit for a release that is no trial."""
        self.write("CHANGELOG.md", f"## [{version()}] - 2026-01-01\n")
        self.commit()
        self.git("tag", f"v{version()}")

    def release(self, *arguments, **variables):
        # The last two are of the release that runs this test.
        ours = ("SOURCE_DATE_EPOCH", "NYDUS_MAINTAINER", "NYDUS_HOMEPAGE", "NYDUS_RELEASE", "NYDUS_REQUIRE")
        environment = {name: value for name, value in os.environ.items() if name not in ours} | variables
        command = ["packaging/release", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def refuses(self, *arguments, **variables):
        """The last line of the refusal; nothing may be left."""
        finished = self.release(*arguments, **variables)
        assert finished.returncode == 1, finished.stderr
        assert not self.output.parent.exists() or list(self.output.parent.iterdir()) == []
        return finished.stderr.splitlines()[-1]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def version():
    return re.search(r"nydus-overlayfs VERSION ([0-9.]+)", (TREE / "CMakeLists.txt").read_text())[1]


def test_leaves_artefacts_bills_and_checksums(tree):
    finished = tree.release("--trial", tree.output, "x86_64")
    assert finished.returncode == 0, finished.stderr
    name = f"nydus-overlayfs-{version()}"
    wanted = {f"{name}.tar.gz", "archive/nydus-overlayfs-x86_64.tar.gz", f"{name}-source.spdx", f"{name}-artefacts.spdx.json"}
    told = dict(reversed(line.split()) for line in (tree.output / "SHA256SUMS").read_text().splitlines())
    assert told == {path: hashlib.sha256((tree.output / path).read_bytes()).hexdigest() for path in wanted}
    assert {str(path.relative_to(tree.output)) for path in tree.output.rglob("*") if path.is_file()} == wanted | {"SHA256SUMS"}
    assert list(tree.output.parent.iterdir()) == [tree.output]
    for path in wanted:
        assert path in finished.stdout
    listed = set(re.findall(r"^FileName: \./(.*)$", (tree.output / f"{name}-source.spdx").read_text(), re.MULTILINE))
    assert {str(path.relative_to(tree.folder)) for path in tree.folder.rglob("*.cc")} <= listed


def test_whole_release_is_tested_with_the_logs_of_its_builds_and_leaves_them_out(tree):
    tree.write("tests/packages/test_all.py", TEST_OF_ALL)
    finished = tree.release("--trial", tree.output, NYDUS_AARCH64_SYSROOT=str(tree.folder / "sysroot"))
    assert finished.returncode == 0, finished.stderr
    folders = {path.name for path in tree.output.iterdir() if path.is_dir()}
    assert folders == {"debian12", "debian13", "rpm", "archive"}
    assert list(tree.output.rglob("*.build")) == []


@pytest.mark.parametrize("part", ["x86_64", "aarch64"])
def test_one_part_is_tested_alone(tree, part):
    tree.write("tests/packages/test_archive.py", TEST_OF_ARCHIVES)
    tree.write("tests/packages/test_nothing.py", FAILING_TEST)
    finished = tree.release("--trial", tree.output, part, NYDUS_AARCH64_SYSROOT=str(tree.folder / "sysroot"))
    assert finished.returncode == 0, finished.stderr
    assert "1 passed, 1 deselected" in finished.stderr
    # What tests/check takes for its own later.
    assert (tree.folder / "build/packages/archive/.sources").exists() == (part == "x86_64")


@pytest.mark.parametrize(
    "part,builder",
    [("debian12", "packaging/debian/build"), ("rpm", "packaging/rpm/build"), ("x86_64", "packaging/archive/build")],
)
def test_builders_have_no_network(tree, part, builder):
    # Not even the address of lo is there.
    tree.write(builder, "#!/bin/sh\necho addresses: $(grep -o '[0-9.]* *$' /proc/net/fib_trie)\nexit 1\n")
    told = tree.release("--trial", tree.output, part).stderr.splitlines()
    assert told[-2:] == ["addresses:", f"release: error: {part} could not be built"]


def test_rpm_packages_are_built_without_their_tests(tree):
    finished = tree.release("--trial", tree.output, "rpm")
    assert finished.returncode == 0, finished.stderr
    assert (tree.output / "rpm/nydus-overlayfs.src.rpm").read_text() == "source\n"


def test_a_folder_that_git_ignores_hides_no_source(tree):
    finished = tree.release("--trial", "build/release", "x86_64")
    assert finished.returncode == 0, finished.stderr
    [bill] = (tree.folder / "build/release").glob("*-source.spdx")
    assert "FileName: ./base/text.cc\n" in bill.read_text()


def test_names_reach_the_bills_as_they_are(tree):
    homepage = "https://example.org/a,b&c"
    finished = tree.release("--trial", tree.output, "x86_64", NYDUS_HOMEPAGE=homepage)
    assert finished.returncode == 0, finished.stderr
    for bill in tree.output.glob("*.spdx*"):
        assert f"{homepage}/spdx/nydus-overlayfs-{version()}-" in bill.read_text()


def test_two_releases_of_a_commit_are_the_same(tree):
    sums = []
    for number in (1, 2):
        output = tree.output.with_name(str(number))
        assert tree.release("--trial", output, "x86_64").returncode == 0
        sums.append((output / "SHA256SUMS").read_text())
    assert sums[0] == sums[1]


def test_builds_that_differ_are_named(tree):
    tree.build_with("echo $RANDOM$RANDOM >top/chance")
    finished = tree.release("--trial", tree.output, "x86_64")
    assert finished.returncode == 1
    assert "archive/nydus-overlayfs-x86_64.tar.gz: Files first/top/chance and second/top/chance differ" in finished.stderr
    assert list(tree.output.parent.iterdir()) == []


def test_files_that_cannot_be_compared_differ(tree):
    tree.build_with("ln -s nowhere $1/link")
    finished = tree.release("--trial", tree.output, "x86_64")
    assert finished.returncode == 1
    assert "/archive/link: No such file or directory" in finished.stderr
    assert finished.stderr.endswith("two builds of the same tree differ\n")


def test_builds_have_different_circumstances(tree):
    circumstances = {"folder": "pwd", "zone": "date +%Z", "locale": "locale", "mask": "umask"}
    told = "".join(f"{command} >$1/{name}.tar.gz\n" for name, command in circumstances.items())
    tree.write("packaging/archive/build", f"#!/bin/bash\nmkdir -p $1\n{told}")
    finished = tree.release("--trial", tree.output, "x86_64")
    for name in circumstances:
        assert f"/archive/{name}.tar.gz differ" in finished.stderr
    assert finished.stderr.endswith("two builds of the same tree differ\n")


def test_failing_build_leaves_nothing_and_shows_its_end(tree):
    tree.build_with("echo no room >&2; exit 1")
    finished = tree.release("--trial", tree.output, "x86_64")
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-2:] == ["no room", "release: error: x86_64 could not be built"]
    assert list(tree.output.parent.iterdir()) == []


def test_failing_package_test_leaves_nothing(tree):
    tree.write("tests/packages/test_archive.py", FAILING_TEST)
    assert tree.refuses("--trial", tree.output, "x86_64").endswith("the package tests fail")


def test_refuses_a_changed_tree(tree):
    tree.write("README.md", "changed")
    assert "the tree has changes" in tree.refuses(tree.output)


def test_refuses_a_commit_without_the_tag(tree):
    assert f"no tag v{version()}" in tree.refuses(tree.output)


def test_refuses_a_tag_that_is_like_the_version(tree):
    tree.git("tag", f"v{version()}".replace(".", "x"))
    assert f"no tag v{version()}" in tree.refuses(tree.output)


@pytest.mark.parametrize("section", ["", "## [{}]\n".format(version().replace(".", "x")), f"## [{version()}]-rc1\n"])
def test_refuses_a_changelog_without_the_version(tree, section):
    tree.write("CHANGELOG.md", section)
    tree.commit()
    tree.git("tag", f"v{version()}")
    assert f"CHANGELOG.md has no section [{version()}]" in tree.refuses(tree.output)


@pytest.mark.parametrize(
    "named", [{}, {"NYDUS_MAINTAINER": "Somebody <somebody@example.org>"}, {"NYDUS_HOMEPAGE": "https://example.org"}]
)
def test_refuses_placeholders(tree, named):
    tree.tag()
    [missing, *_] = [name for name in ("NYDUS_MAINTAINER", "NYDUS_HOMEPAGE") if name not in named]
    assert tree.refuses(tree.output, **named).endswith(f"set {missing} or use --trial")


@pytest.mark.parametrize("entry", ["root-debian13-01234567", "sysroot-arm64-bookworm-01234567"])
def test_refuses_old_files_of_debian(tree, tmp_path, entry):
    tree.tag()
    stale = tmp_path / "cache" / entry
    stale.mkdir(parents=True)
    old = time.time() - 32 * 24 * 60 * 60
    os.utime(stale, (old, old))
    refusal = tree.refuses(tree.output, "x86_64", NYDUS_TEST_CACHE=str(stale.parent), **NAMED)
    assert "older than 30 days" in refusal and f"rm -r {stale}" in refusal


@pytest.mark.parametrize(
    "variable,value",
    [
        ("NYDUS_MAINTAINER", "Somebody"),
        ("NYDUS_MAINTAINER", "<somebody@example.org>"),
        ("NYDUS_MAINTAINER", "Somebody <somebody@example.org>\nX: y"),
        ("NYDUS_MAINTAINER", "Somebody somebody@example.org"),
        ("NYDUS_HOMEPAGE", "https://example.org/"),
        ("NYDUS_HOMEPAGE", "example.org"),
        ("NYDUS_HOMEPAGE", "https://example.org/a b"),
    ],
)
def test_refuses_a_name_that_no_package_can_bear(tree, variable, value):
    tree.tag()
    assert f"{variable} is not " in tree.refuses(tree.output, "x86_64", **NAMED | {variable: value})


def test_refuses_an_unpacked_source_archive(tree):
    shutil.rmtree(tree.folder / ".git")
    assert "a release is made in a git work tree" in tree.refuses("--trial", tree.output)


@pytest.mark.parametrize("place", ["packaging/debian/changelog", "packaging/rpm/nydus-overlayfs.spec"])
def test_refuses_versions_that_differ(tree, place):
    tree.replace(place, version(), "9.9.9")
    assert re.search(rf"{place} says version 9\.9\.9, CMakeLists\.txt {version()}", tree.refuses("--trial", tree.output))


def test_refuses_a_folder_that_is_there(tree):
    tree.output.mkdir(parents=True)
    finished = tree.release("--trial", tree.output)
    assert finished.returncode == 1
    assert "is there already" in finished.stderr


def test_refuses_a_folder_that_the_source_archive_would_take_in(tree):
    assert tree.refuses("--trial", "packages").endswith("packages is part of the tree; build/release is not")
    assert not (tree.folder / "packages").exists()


def test_refuses_an_unknown_part(tree):
    assert tree.refuses("--trial", tree.output, "sparc").endswith("no part sparc")


def test_without_a_folder_it_says_how_to_use_it(tree):
    assert "usage: packaging/release" in tree.release().stderr
    assert "usage: packaging/release" in tree.release("--help").stdout
