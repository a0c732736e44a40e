# SPDX-License-Identifier: Apache-2.0
"""nydus-overlayctl inspect on what containerd and ctr really write when a mount fails."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from nydus_stack import payload
from nydus_stack.configuration import SNAPSHOTTER
from nydus_stack.image import plain_image
from nydus_stack.inspection import BAD, GOOD, inspect, inspect_for_people
from nydus_stack.private_namespace import HELPER_NAME
from nydus_stack.stack import Stack

SECRET = "dXNlcjpzZWNyZXQ="  # in the extra option below
EXTRA_OPTION = payload.extra_option("/snapshots/1")
BASE64 = EXTRA_OPTION.partition("=")[2]


@pytest.fixture(scope="module", params=["2.4", "1.7"])
def stack(request, first_helper, programs):
    with Stack(programs, first_helper.path, request.param) as running:
        yield running
    assert running.leftovers == []


@pytest.fixture(scope="module")
def image(stack, sample_layers):
    return stack.add_image("sample", plain_image(sample_layers))


def failure(stack, image, options):
    """What ctr says of a container that does not start."""
    stack.set_options_for_kata(options)
    outcome = stack.run(image, "true")
    assert outcome.status != 0
    return outcome.errors


def explained(tool, text):
    """The report on the mount, after a look at what nobody may see."""
    assert BASE64 in text
    report = inspect(tool, text=text)
    for output in (report.output, inspect_for_people(tool, text=text).stdout):
        assert SECRET not in output and BASE64[:32] not in output
    return report


def test_missing_lower_directory(tool, stack, image):
    report = explained(tool, failure(stack, image, [EXTRA_OPTION, f"lowerdir=/usr:{stack.directory}/gone"]))
    mount = report.mount
    assert report.status == BAD
    assert mount["form"] == "containerd's call of mount.fuse"
    assert (mount["type"], mount["source"], mount["status"]) == ("fuse.nydus-overlayfs", "overlay", 32)
    assert mount["target"].startswith(str(stack.directory))
    assert f"lower directory 2 of 2 '{stack.directory}/gone' does not exist" in mount["report"]
    assert mount["hints"][0] == f"on this machine lower directory 2 of 2 is missing: {stack.directory}/gone"
    assert all(verdict["accepted"] for verdict in mount["payloads"][0]["verdicts"])


def test_broken_payload(tool, stack, image):
    without_source = payload.encode({"config": "{}", "snapshotdir": "/s", "fs_version": "v6"})
    text = failure(stack, image, [f"{payload.EXTRA_OPTION}={without_source}"])
    report = inspect(tool, text=text)
    assert report.status == BAD
    mount = report.mount
    assert mount["status"] == 1
    assert mount["refusal"]["reason"] == "extraoption: source: is missing or empty"
    # The helper itself said so as well.
    assert mount["report"].endswith(mount["refusal"]["reason"])


@pytest.fixture
def unusable_helper(tmp_path):
    """A file that nobody may execute, in the helper's place."""
    empty = tmp_path / "empty"
    empty.touch(mode=0o644)
    helper = Path("/usr/sbin", HELPER_NAME).resolve()
    subprocess.run(["mount", "--bind", empty, helper], check=True)
    yield
    subprocess.run(["umount", helper], check=True)


def test_helper_that_cannot_be_run(tool, stack, image, unusable_helper):
    mount = explained(tool, failure(stack, image, [EXTRA_OPTION])).mount
    assert mount["status"] in (126, 127)
    assert any("could not run the helper" in hint for hint in mount["hints"]), mount


def test_what_ctr_prints_of_a_snapshot(tool, stack, image):
    stack.set_options_for_kata([EXTRA_OPTION])
    line = stack.ctr(
        "snapshots", "--snapshotter", SNAPSHOTTER, "prepare", "--target", "/t", "printed", stack.top_of(image)
    ).stdout
    try:
        report = explained(tool, line)
        mount = report.mount
        assert (mount["form"], mount["target"]) == ("mount command", "/t")
        states = {path["role"]: path["state"] for path in mount["paths"]}
        assert states["upper directory"] == states["work directory"] == states["lower directory 1 of 2"] == "directory"
        assert report.status == GOOD, report.output
    finally:
        stack.delete_snapshot("printed")


def test_error_quoted_by_logs(tool, stack, image):
    text = failure(stack, image, [EXTRA_OPTION, f"lowerdir=/usr:{stack.directory}/gone"])
    for quoted in (
        f"time=\"2026-01-01T00:00:00Z\" level=error msg=\"RunPodSandbox failed\" error={json.dumps(text)}",
        json.dumps({"level": "error", "msg": "failed", "error": text}),
        f"Jan 01 00:00:00 node containerd[1]: time=\"x\" level=error msg={json.dumps(text)}",
    ):
        mount = explained(tool, quoted).mount
        assert mount["status"] == 32 and re.search("does not exist$", mount["report"])
