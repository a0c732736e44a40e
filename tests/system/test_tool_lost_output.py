# SPDX-License-Identifier: Apache-2.0
"""What a verb made is undone if nobody can be told of it; where that would do harm, it stays and the error says so."""

import json
import subprocess

import pytest
from mount_lab.running import ENVIRONMENT, check, run

pytest_plugins = ["kata_lab.fixtures"]

LOST = "cannot write the output"


def error_of(command, output, **settings):
    settings = {"stdin": subprocess.DEVNULL, **settings}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, stdout=output, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False, **settings
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and LOST in done.stderr
    return done.stderr


def test_new_sandbox_is_taken_down(node, unwritable):
    sandbox = node.sandbox("s")
    error_of(sandbox.create_command(), unwritable)
    assert node.left_over() == []
    sandbox.create().delete()


def test_sandbox_that_was_there_stays(sandbox, container, unwritable):
    container.hand_over()
    before = sandbox.show()
    assert "sandbox show s shows it" in error_of(sandbox.create_command(), unwritable)
    assert sandbox.show() == before


def test_sandbox_around_a_nydusd_that_ran_stays(node, start_nydusd, unwritable):
    """That nydusd would serve no other one."""
    sandbox = node.sandbox_around(start_nydusd(), "s")
    assert "sandbox show s shows it" in error_of(sandbox.create_command(), unwritable)
    assert sandbox.show()["phase"] == "ready"
    sandbox.create().delete()


@pytest.mark.parametrize("flags", ([], ["--json"]), ids=("text", "json"))
def test_file_is_taken_back(sandbox, unwritable, flags):
    """Nobody knows its name."""
    container = sandbox.bound_container("c").hand_over()
    before = sandbox.node.left_over()
    error_of(container.share_file_command("/etc/hostname", *flags), unwritable)
    assert sandbox.node.left_over() == before
    assert sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]


@pytest.mark.parametrize("flag", ("--show", "--json"))
def test_container_stays_shared_and_is_described_by_the_same_call(container, tmp_path, unwritable, flag):
    """Taken back, its name would be spent."""
    options = tmp_path / "options"
    options.write_text(container.options())
    command = [*container.share_command(), options, flag]
    assert "the container is shared; the same call" in error_of(command, unwritable)
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]
    assert json.loads(check(run(*command)).out)["storages"] == container.storages()
