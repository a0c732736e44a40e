# SPDX-License-Identifier: Apache-2.0
"""packaging/source-archive and what packaging/identity.sh says, in a git work tree and in an unpacked archive."""

import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from package_lab.artefacts import TREE, files_of_tree


def run(*command, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | variables
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def archive_of(tree, folder):
    finished = run(tree / "packaging/source-archive", folder)
    assert finished.returncode == 0, finished.stderr
    return Path(finished.stdout.strip())


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(TREE, tmp_path_factory.mktemp("archive"))


@pytest.fixture
def unpacked(archive, tmp_path):
    with tarfile.open(archive) as files:
        files.extractall(tmp_path / "unpacked")
    [tree] = (tmp_path / "unpacked").iterdir()
    return tree


def test_holds_what_git_does_not_ignore(archive):
    top = archive.name.removesuffix(".tar.gz")
    with tarfile.open(archive) as files:
        assert files.getnames() == [f"{top}/{name}" for name in sorted(files_of_tree(), key=os.fsencode)]


def test_unpacked_it_makes_the_same_again(archive, unpacked, tmp_path):
    assert archive_of(unpacked, tmp_path / "again").read_bytes() == archive.read_bytes()


def test_a_repository_around_it_does_not_count(archive, unpacked, tmp_path):
    around = unpacked.parent
    run("git", "-C", around, "init", "--quiet")
    (around / ".gitignore").write_text("*\n")
    run("git", "-C", around, "-c", "user.name=n", "-c", "user.email=n@invalid", "commit", "--allow-empty", "--message=any")
    assert archive_of(unpacked, tmp_path / "again").read_bytes() == archive.read_bytes()


def test_what_was_built_in_it_is_left_out(archive, unpacked, tmp_path):
    for name in ("build/program", ".cache/program", "tests/packages/__pycache__/module.pyc"):
        (unpacked / name).parent.mkdir(parents=True)
        (unpacked / name).touch()
    assert archive_of(unpacked, tmp_path / "again").read_bytes() == archive.read_bytes()


def test_files_with_two_names_are_whole(unpacked, tmp_path):
    os.link(unpacked / "README.md", unpacked / "SECOND-NAME.md")
    with tarfile.open(archive_of(unpacked, tmp_path / "again")) as files:
        assert all(member.isfile() or member.issym() for member in files.getmembers())


def test_a_broken_repository_is_refused_and_nothing_is_left(unpacked, tmp_path):
    (unpacked / ".git").mkdir()
    finished = run(unpacked / "packaging/source-archive", tmp_path / "again")
    assert finished.returncode == 1
    assert "which has a .git" in finished.stderr
    assert not list(tmp_path.glob("again/*"))


def test_a_file_that_is_gone_leaves_nothing(unpacked, tmp_path):
    run("git", "-C", unpacked, "init", "--quiet")
    run("git", "-C", unpacked, "add", "--all")
    (unpacked / "README.md").unlink()
    finished = run(unpacked / "packaging/source-archive", tmp_path / "again")
    assert finished.returncode != 0
    assert "README.md" in finished.stderr
    assert not any((tmp_path / "again").iterdir())


def test_names_are_filled_in_as_they_are(tmp_path):
    template = tmp_path / "template"
    template.write_text("@MAINTAINER@ @HOMEPAGE@/a @HOMEPAGE@/b @ANY_VERSION@ @VERSION@\n")
    named = {"NYDUS_MAINTAINER": "A, B & C \\1 <a|b@example.org>", "NYDUS_HOMEPAGE": "https://example.org/?a,b&c"}
    finished = run("bash", "-ec", 'source "$0"; fill_in "$1"; echo "$version"', TREE / "packaging/identity.sh", template, **named)
    assert finished.returncode == 0, finished.stderr
    home = named["NYDUS_HOMEPAGE"]
    assert template.read_text() == f"{named['NYDUS_MAINTAINER']} {home}/a {home}/b @ANY_VERSION@ {finished.stdout}"
