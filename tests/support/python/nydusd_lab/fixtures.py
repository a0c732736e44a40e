# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of nydusd's API: a daemon, real and fake, images for it, and the tool that asks it."""

import subprocess

import pytest
from mount_lab.requirements import need_program

from nydusd_lab.daemon import Daemon, Image, fake_program, real_program


@pytest.fixture(params=["real", "fake"])
def program(request):
    return real_program(need_program("nydusd")) if request.param == "real" else fake_program()


@pytest.fixture
def daemon(program, tmp_path):
    started = Daemon(program, tmp_path / "d")
    yield started
    started.end()


@pytest.fixture
def api(daemon):
    return daemon.api


@pytest.fixture(scope="session", params=["5", "6"], ids=["v5", "v6"])
def image(request, tmp_path_factory):
    return Image(need_program("nydus_image"), tmp_path_factory.mktemp("image") / "i", request.param)


@pytest.fixture(scope="session")
def v6(tmp_path_factory):
    return Image(need_program("nydus_image"), tmp_path_factory.mktemp("image") / "i", "6")


@pytest.fixture
def share(tmp_path):
    path = tmp_path / "share"
    path.mkdir()
    return path


@pytest.fixture
def nydusd(tool, daemon):
    """Calls `nydus-overlayctl nydusd VERB ...` for the daemon."""

    def run(verb, *words, text=""):
        command = [tool, "nydusd", verb, f"--apisock={daemon.api_socket}", *words]
        return subprocess.run(command, input=text, text=True, capture_output=True, check=False)

    return run
