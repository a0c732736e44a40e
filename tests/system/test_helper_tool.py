# SPDX-License-Identifier: Apache-2.0
"""Other mounts than plain overlays go to nydus-overlayctl: the right program, and it learns no more than it needs."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from mount_lab.payloads import extra_option
from mount_lab.refusals import assert_refused
from mount_lab.running import ENVIRONMENT, NOBODY, run

pytest_plugins = ["mount_lab.fixtures"]

TOOL = "nydus-overlayctl"
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
IMAGE = "nydus.mode=image"
KATA = "nydus.mode=kata,nydus.container=c1"


@pytest.fixture(scope="module")
def stand_in(root, tmp_path_factory):
    program = tmp_path_factory.mktemp("tool") / TOOL
    subprocess.run(["cc", "-O2", "-static", "-o", program, Path(__file__).with_name("dump_request.c")], check=True)
    return program


@pytest.fixture
def copy(helper, lab):
    """The helper in a directory of its own: the tool is looked for beside it."""
    directory = lab.directory / "programs"
    directory.mkdir()
    return Path(shutil.copy(helper.path, directory / "mount.fuse.nydus-overlayfs"))


@pytest.fixture
def tool(copy, stand_in):
    program = Path(shutil.copy(stand_in, copy.parent))
    program.chmod(0o755)
    return program


class Report:
    """What the stand-in saw."""

    def __init__(self, outcome):
        assert outcome.code == 7, outcome
        head, _, self.request_text = outcome.out.partition("\nrequest ")
        self.lines = [line.split(" ", 1) for line in head.splitlines()]
        self.error = outcome.err
        self.request = json.loads(self.request_text)

    def all(self, kind):
        return [value for name, value in self.lines if name == kind]

    def descriptors(self):
        return {int(fd): path for fd, path in (value.split(" ", 1) for value in self.all("fd"))}

    def text(self, member):
        return base64.b64decode(self.request[member], validate=True).decode(errors="surrogateescape")


def hand_over(copy, lab, options, *switches, **settings):
    return Report(run(copy, "overlay", lab.target, *switches, "-o", options, **settings))


@pytest.mark.parametrize("mode", (IMAGE, KATA, ""))
def test_request(copy, tool, lab, mode):
    options = ",".join(filter(None, ["ro", mode, extra_option(), "x-systemd.automount"]))
    environment = {**ENVIRONMENT, "LD_PRELOAD": "/nowhere", "RUST_LOG": "trace", "PATH": "/nowhere", "HOME": "/root"}
    report = hand_over(copy, lab, options, "-v", env=environment)
    descriptors = report.descriptors()
    (request_fd,) = set(descriptors) - {0, 1, 2}
    assert descriptors[request_fd].startswith("/memfd:")
    assert report.all("argument") == [TOOL, f"--request-fd={request_fd}"]
    assert sorted(report.all("environment")) == ["LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    assert report.all("seals") == [str(SEALS)]
    assert report.all("offset") == ["0"]
    assert report.all("write") == ["1"]  # EPERM
    assert report.request_text.endswith("}\n") and report.request_text.count("\n") == 1
    assert set(report.request) == {"version", "source", "target", "options", "fake", "verbose", "namespace_fd"}
    assert report.request["version"] == 1
    assert (report.text("source"), report.text("target")) == ("overlay", str(lab.target))
    assert report.text("options") == options
    assert (report.request["fake"], report.request["verbose"], report.request["namespace_fd"]) == (False, True, -1)


def test_paths_are_bytes(copy, tool, lab):
    lab.target = lab.directory / 'a "b"\\\n\udcff'
    options = f"{IMAGE},{extra_option()},upperdir=/a\udcff,workdir=/\\,"
    report = Report(run(copy, "s\udcfe", lab.target, "-fr", "-o", options))
    assert (report.text("source"), report.text("target")) == ("s\udcfe", str(lab.target))
    assert report.text("options") == f"ro,{options}"
    assert (report.request["fake"], report.request["verbose"]) == (True, False)


def test_other_namespace(copy, tool, lab):
    own = os.readlink("/proc/self/ns/mnt")
    report = hand_over(copy, lab, f"{IMAGE},{extra_option()}", "-N", "/proc/self/ns/mnt")
    descriptors = report.descriptors()
    assert len(descriptors) == 5
    assert descriptors[report.request["namespace_fd"]] == own


@pytest.mark.parametrize("words", ("9</ 10</ 200</", "<&-", "<&- 2>&-", "<&- 2>&- 5</ 6</"))
def test_inherited_descriptors(copy, tool, lab, words):
    """The caller's stay behind; where standard streams are closed, the tool's own take none of their numbers."""
    script = f'exec "$@" {words}'
    options = f"{IMAGE},{extra_option()}"
    report = Report(run("bash", "-c", script, "bash", copy, "overlay", lab.target, "-o", options))
    ours = {fd: path for fd, path in report.descriptors().items() if fd > 2}
    assert [path.startswith("/memfd:") for path in ours.values()] == [True]


def test_working_directory_is_kept(copy, tool, lab):
    report = hand_over(copy, lab, f"{IMAGE},{extra_option()}", cwd="/usr")
    assert report.all("directory") == ["/usr"]


def test_payload_is_checked_before(copy, tool, lab):
    for payload in ("extraoption=!", extra_option("[]")):
        for mode in (IMAGE, KATA):
            command = ["overlay", lab.target, "-o", f"{mode},{payload}"]
            assert_refused(lab, lambda command=command: run(copy, *command), 1, "extraoption")


def test_native_mounts_do_not_need_it(copy, tool, lab):
    assert run(copy, "overlay", lab.target, "-o", ",".join([*lab.options(lab.layers(2)), extra_option()])).code == 0


@pytest.mark.parametrize("mode", (IMAGE, KATA))
def test_missing(copy, lab, mode):
    """Neither found by PATH nor in the working directory."""
    command = ["overlay", lab.target, "-o", f"{mode},{extra_option()}"]
    elsewhere = lab.directory / "elsewhere"
    elsewhere.mkdir()
    shutil.copy("/bin/true", elsewhere / TOOL)
    settings = {"cwd": elsewhere, "env": {"PATH": f"{elsewhere}:/usr/bin"}}
    assert_refused(lab, lambda: run(copy, *command, **settings), 2, "the package nydus-overlayctl")


def make_link(tool):
    tool.rename(tool.with_name("other"))
    tool.symlink_to("other")


def make_directory(tool):
    tool.unlink()
    tool.mkdir()


def make_script(tool):
    tool.write_text("not a program")


UNTRUSTED = {
    "writable-by-group": lambda tool: tool.chmod(0o775),
    "writable-by-others": lambda tool: tool.chmod(0o757),
    "owned-by-nobody": lambda tool: os.chown(tool, NOBODY, 0),
    "link": make_link,
    "directory": make_directory,
    "fifo": lambda tool: (tool.unlink(), os.mkfifo(tool, 0o755)),
    "not-executable": lambda tool: tool.chmod(0o644),
    "no-program": make_script,
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_program_that_root_must_not_run(copy, tool, lab, name):
    UNTRUSTED[name](tool)
    command = ["overlay", lab.target, "-o", f"{IMAGE},{extra_option()}"]
    assert_refused(lab, lambda: run(copy, *command), 2, TOOL)
