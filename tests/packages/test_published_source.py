# SPDX-License-Identifier: Apache-2.0
"""Where packagers look for the source archive of a release: among the files of the tag's release on GitHub."""

import functools
import http.server
import os
import shutil
import subprocess
import threading

import pytest
from package_lab.artefacts import TREE
from package_lab.rpm_packages import SPEC

NEWER = "7.8.9"
ARCHIVE = f"nydus-overlayfs-{NEWER}.tar.gz"
RELEASED = f"project/releases/download/v{NEWER}/{ARCHIVE}"
# What GitHub lists by itself: archives of all tags, in two formats.
TAGS = "".join(
    f'<a href="/project/archive/refs/tags/{tag}.{ending}">{ending}</a>\n'
    for tag in ("v0.0.1", f"v{NEWER}", "v99.0.0-rc1", "nightly")
    for ending in ("zip", "tar.gz")
)


@pytest.fixture
def homepage(tmp_path):
    """Stands for the project's pages on GitHub."""
    files = tmp_path / "github"
    (files / RELEASED).parent.mkdir(parents=True)
    (files / RELEASED).write_text("the archive of the release\n")
    (files / "project/tags").write_text(TAGS)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=files)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/project"
        server.shutdown()


def filled_in(path, homepage, folder):
    """A copy that says the home page, as the builders make it."""
    copy = shutil.copy(path, folder)
    command = ["bash", "-ec", 'source "$0"; fill_in "$1"', TREE / "packaging/identity.sh", copy]
    subprocess.run(command, env=os.environ | {"NYDUS_HOMEPAGE": homepage}, check=True)
    return copy


def test_uscan_finds_it_by_the_newest_tag(homepage, tmp_path):
    watch = filled_in(TREE / "packaging/debian/watch", homepage, tmp_path)
    command = ["uscan", "--watchfile", watch, "--package", "nydus-overlayfs", "--upstream-version", "0.0.9"]
    command += ["--force-download", "--no-symlink", "--destdir", tmp_path]
    finished = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert finished.returncode == 0, finished.stdout
    assert (tmp_path / ARCHIVE).read_text() == "the archive of the release\n"


def test_spec_names_it(homepage, tmp_path):
    spec = filled_in(SPEC, homepage, tmp_path)
    told = subprocess.run(["rpmspec", "--parse", spec], check=True, stdout=subprocess.PIPE, text=True).stdout
    [version] = {line.split()[1] for line in told.splitlines() if line.startswith("Version:")}
    [source] = {line.split()[1] for line in told.splitlines() if line.startswith("Source0:")}
    assert source == f"{homepage}/releases/download/v{version}/nydus-overlayfs-{version}.tar.gz"
