# SPDX-License-Identifier: Apache-2.0
"""nydus-overlayctl inspect as a program: where its text comes from, how it ends, what it writes."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from nydus_stack import payload
from nydus_stack.inspection import BAD, GOOD, SYSTEM_ERROR, UNUSABLE, inspect, inspect_for_people

CAPTURED = json.loads((Path(__file__).resolve().parents[1] / "data/captured-command-lines.json").read_text())
OPTIONS = "lowerdir=/no/a:/no/b"
LINE = f"mount -t fuse.nydus-overlayfs overlay /t -o {OPTIONS}"
SECRET = "dXNlcjpzZWNyZXQ="  # in the payloads of nydus_stack.payload


@pytest.mark.parametrize("captured", CAPTURED, ids=[line["name"] for line in CAPTURED])
def test_captured_command_line(tool, captured):
    report = inspect(tool, text=" ".join(captured["argv"]))
    assert report.status == GOOD, report.output + report.errors
    mount = report.mount
    assert mount["target"] == captured["argv"][2]
    assert mount["kata_go_takes_type"] and mount["kata_rust_takes_type"]
    assert mount["refusal"] is None and mount["plan"]
    assert [item["option"] for item in mount["payloads"]] == [item["option"] for item in captured["payload"]]
    for item in mount["payloads"]:
        assert all(verdict["accepted"] for verdict in item["verdicts"])


def test_captured_command_lines_in_one_file_up_to_the_limit(tool, tmp_path):
    file = tmp_path / "lines"
    file.write_text("\n".join(" ".join(line["argv"]) for line in CAPTURED))
    report = inspect(tool, file)
    assert report.status == GOOD
    assert len(report.json["mounts"]) == len(CAPTURED) and not report.json["cut"]


def test_captured_command_lines_as_they_are_kept(tool):
    report = inspect(tool, text=json.dumps(CAPTURED))
    assert [mount["target"] for mount in report.json["mounts"]] == [line["argv"][2] for line in CAPTURED]


def test_text_comes_from_anywhere(tool, tmp_path):
    file = tmp_path / "line"
    file.write_text(LINE)
    expected = inspect(tool, text=LINE).json
    assert expected["mounts"][0]["target"] == "/t"
    assert inspect(tool, "-", text=LINE).json == expected
    assert inspect(tool, "--file=-", text=LINE).json == expected
    assert inspect(tool, f"--file={file}").json == expected
    assert inspect(tool, file).json == expected
    assert inspect(tool, LINE).json == expected
    assert inspect(tool, "--", *LINE.split()).json == expected


def test_mount_that_would_fail(tool):
    report = inspect(tool, text=f"{OPTIONS},upperdir=/no/u")
    assert report.status == BAD
    assert report.mount["refusal"]["reason"] == "upperdir= is given without workdir="


def test_payload_that_nobody_accepts(tool):
    report = inspect(tool, text=payload.encode({"source": "/b", "config": "", "snapshotdir": ""}))
    assert report.status == BAD
    assert not any(verdict["accepted"] for verdict in report.mount["payloads"][0]["verdicts"])


def test_credentials_are_masked(tool):
    text = f"{OPTIONS},{payload.extra_option('/s/4')}"
    report, shown = inspect(tool, text=text), inspect_for_people(tool, text=text).stdout
    for output in (report.output, shown):
        assert SECRET not in output and "secret" not in output
    fields = {field["name"]: field for field in report.mount["payloads"][0]["fields"]}
    assert fields["config.device.backend.type"]["value"] == "registry"
    assert fields["config.device.backend.config.auth"] == {
        "name": "config.device.backend.config.auth",
        "value": "(masked, 16 bytes)",
        "masked": True,
    }


def one_line(report, status, part):
    assert (report.status, report.output) == (status, ""), report
    assert report.errors.startswith("nydus-overlayctl: ") and report.errors.count("\n") == 1
    assert part in report.errors


def test_input_that_cannot_be_used(tool, tmp_path):
    one_line(inspect(tool, text="hello"), UNUSABLE, "no mount and no payload")
    one_line(inspect(tool, text=""), UNUSABLE, "standard input: ")
    one_line(inspect(tool, "--file=x", "y"), UNUSABLE, "a file and a text are given")
    one_line(inspect(tool, f"--file={tmp_path}/missing"), SYSTEM_ERROR, "No such file")
    one_line(inspect(tool, f"--file={tmp_path}"), SYSTEM_ERROR, "Is a directory")
    one_line(inspect(tool, "--file=/dev/zero"), SYSTEM_ERROR, "longer than 1048576 bytes")


def test_garbage_of_every_kind_ends_in_one_line(tool):
    for text in ("\0" * 1000, "[" * 100_000, "{\"" * 10_000, "\x1b[" * 1000, "msg=\"" * 2000, "{" * 50 + "lowerdir="):
        report = inspect(tool, text=text)
        assert report.status in (GOOD, UNUSABLE, BAD), text[:20]
        assert report.errors.count("\n") == (1 if report.status == UNUSABLE else 0)


def test_missing_directory_beside_one_that_is_here(tool, tmp_path):
    line = f"mount -t fuse.nydus-overlayfs overlay /t -o lowerdir={tmp_path}:{tmp_path}/gone"
    report = inspect(tool, text=line)
    assert report.status == BAD
    assert report.mount["hints"] == [f"on this machine lower directory 2 of 2 is missing: {tmp_path}/gone"]
    unseen = inspect(tool, "--nolook", text=line)
    assert unseen.status == GOOD and unseen.mount["paths"] == []


def test_terminal_gets_a_prompt_and_colours(tool):
    controller, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen([tool, "inspect"], stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    os.write(controller, f"{LINE}\n\x04".encode())
    output = b""
    try:
        while chunk := os.read(controller, 4096):
            output += chunk
    except OSError:  # how a terminal says that its other side is closed
        pass
    assert process.wait() == GOOD
    assert b"Ctrl-D" in output and b"\x1b[1mmount command" in output
    os.close(controller)


@pytest.mark.parametrize(
    "piece",
    ["[", "mount ", 'msg="" ', "[lowerdir=/a] ", ':"', "\x1b]", "A,", "lowerdir=/a,", "{[lowerdir=/a", "sh -c ", "\\\""],
)
def test_text_made_to_take_long(tool, piece):
    """A mebibyte of each piece: with a search from every position to the end it would take minutes."""
    text = "lowerdir=/a:/b," + piece * ((1 << 20) // len(piece) - 20)
    done = subprocess.run(
        [tool, "inspect", "--json", "--nolook"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (GOOD, UNUSABLE, BAD), done.stderr
