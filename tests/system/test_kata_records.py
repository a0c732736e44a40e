# SPDX-License-Identifier: Apache-2.0
"""What is remembered of a sandbox: nothing is made that could not be remembered, or by looking; and when it is lost."""

import os
import shutil
from pathlib import Path

import pytest
from kata_lab.hand_over import mount, settings_of
from kata_lab.inventory import files_below
from kata_lab.refusal import WRONG_CALL, refused_without_a_change
from mount_lab import running
from mount_lab.records import table
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

SYSTEM_ERROR = 2
NO_TEXT = os.fsdecode(b"\xff")


# What cannot be written into a record


@pytest.fixture
def strange(tmp_path):
    """A directory whose name is no UTF-8."""
    directory = tmp_path / NO_TEXT
    directory.mkdir(mode=0o700)
    return directory


@pytest.mark.parametrize("flag", ("--bind={}", "--vhost-sock={}/vhost.sock"))
def test_path_that_is_no_text(node, strange, flag):
    sandbox = node.sandbox("s", "go", flag.format(strange))
    refused_without_a_change(sandbox.create_command(), "is no UTF-8", code=WRONG_CALL)
    node.sandbox("s").create().delete()


def test_path_below_one_that_is_no_text(node, strange):
    """Only a bind's last component is remembered."""
    bound = strange / "bound"
    bound.mkdir()
    sandbox = node.sandbox("s", "go", f"--bind={bound}").create()
    sandbox.delete()
    assert node.left_over() == []


def test_relative_path_of_a_nydusd(node, start_nydusd):
    """It would mean another one wherever the next call is made from."""
    foreign = start_nydusd()
    words = [node.tool, "sandbox", "create", "s", "--apisock=api.sock"]
    refused_without_a_change(words, "'api.sock' is not an absolute path", code=WRONG_CALL, cwd=foreign.directory)
    assert foreign.api.mounts() in (None, {})


# Looking


@pytest.fixture
def looks(node, image_of_version):
    """Commands that change nothing, on a node that never had a sandbox, with the exit code of each."""
    container = node.sandbox("s").container("c", image_of_version["6"])
    tool = node.tool
    return {
        "show-all": (0, lambda: run(tool, "sandbox", "show")),
        "show": (2, lambda: run(tool, "sandbox", "show", "s")),
        "delete": (0, lambda: run(tool, "sandbox", "delete", "s")),
        "unshare": (0, lambda: run(*container.unshare_command())),
        "fake": (32, lambda: mount(container, settings_of(container), container.options(), switches=["-f"])),
        "fake-with-nydusd": (
            0,
            lambda: mount(
                container, settings_of(container), "nydus.apisock=/run/x", container.options(), switches=["-f"]
            ),
        ),
        "hand-over": (32, lambda: mount(container, settings_of(container), container.options())),
    }


@pytest.mark.parametrize(
    "name", ("show-all", "show", "delete", "unshare", "fake", "fake-with-nydusd", "hand-over")
)
def test_looking_makes_nothing(looks, name):
    code, look = looks[name]
    before = files_below("/run")
    outcome = look()
    assert outcome.code == code, outcome
    assert files_below("/run") == before


# Records that are lost


def test_lost_record(sandbox, container):
    """Nobody knows what the sandbox has; whoever does by hand what is said can begin anew."""
    container.hand_over()
    node = sandbox.node
    api_socket = Path(sandbox.show()["nydusd"]["api_socket"])
    (sandbox.state / ".sandbox.json").unlink()
    by_hand = f"by hand: nydus-overlayctl nydusd stop --apisock={api_socket}, "
    by_hand += f"unmount and remove the sandbox's share, remove {sandbox.state} and {api_socket.parent}"
    for command in (
        sandbox.delete_command(),
        sandbox.create_command(),
        [node.tool, "sandbox", "show", "s"],
        container.unshare_command(),
        container.hand_over_command(),
    ):
        refused_without_a_change(command, ".sandbox.json is lost", by_hand, code=SYSTEM_ERROR)

    check(run(node.tool, "nydusd", "stop", f"--apisock={api_socket}"))
    for place in [place for place, _ in table() if place.startswith(f"{sandbox.share}/")][::-1]:
        running.unmount(place)
    shutil.rmtree(sandbox.share)
    shutil.rmtree(sandbox.state)
    shutil.rmtree(api_socket.parent)
    assert node.left_over() == []
    sandbox.create()
    sandbox.container("d", container.image).hand_over()
