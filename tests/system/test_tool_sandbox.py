# SPDX-License-Identifier: Apache-2.0
"""nydus-overlayctl sandbox and rootfs, as people and programs call them, with the real nydusd."""

import json
import os
import signal
import time
from pathlib import Path

import jsonschema
import pytest
from kata_lab.hand_over import end_process
from mount_lab.records import record_at
from mount_lab.running import NOBODY, check, run

pytest_plugins = ["kata_lab.fixtures"]

SCHEMA = Path(__file__).resolve().parents[2] / "packaging" / "schema" / "sandbox.schema.json"
SHARE_IN_GUEST = "/run/kata-containers/shared/"


def tool(sandbox, *words, **settings):
    return sandbox.node.run_tool(*words, **settings)


def shown(sandbox, *words, code=0):
    outcome = tool(sandbox, "sandbox", *words, "--json")
    assert (outcome.code, outcome.err) == (code, ""), outcome
    report = json.loads(outcome.out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    return report["sandboxes"]


def assert_refused(sandbox, code, words, *phrases, **settings):
    outcome = tool(sandbox, *words, **settings)
    assert (outcome.code, outcome.out) == (code, ""), outcome
    assert outcome.err.startswith("nydus-overlayctl: ") and outcome.err.count("\n") == 1
    for phrase in phrases:
        assert phrase in outcome.err


def share(container, *words, options=None, **settings):
    """`rootfs share` with the options on standard input."""
    text = container.options() if options is None else options
    settings = {"stdin": None, "input": text.encode(), **settings}
    return tool(container.sandbox, "rootfs", "share", container.sandbox.name, container.name, *words, **settings)


def test_show(sandbox, container):
    container.hand_over()
    (report,) = shown(sandbox, "show", "s")
    nydusd = report.pop("nydusd")
    agent_storage = report.pop("agent_storage")
    assert report == {
        "id": "s",
        "phase": "ready",
        "layout": "go",
        "state_directory": str(sandbox.state),
        "submounts": f"{sandbox.share}/mounts",
        "served": f"{sandbox.share}/shared",
        "binds": [],
        "containers": [{"id": "c", "phase": "shared"}],
    }
    assert os.readlink(f"/proc/{nydusd.pop('pid')}/exe") == str(sandbox.node.nydusd)
    assert (nydusd.pop("ours"), nydusd.pop("state")) == (True, "RUNNING")
    for path in nydusd.values():
        assert Path(path).exists()
    assert (agent_storage["source"], agent_storage["mount_point"]) == ("kataShared", SHARE_IN_GUEST)


def test_show_for_people(sandbox, container):
    container.hand_over()
    text = check(tool(sandbox, "sandbox", "show", "s")).out
    for phrase in ("sandbox s", "ready", "RUNNING", sandbox.show()["nydusd"]["vhost_socket"], "c, shared"):
        assert phrase in text


def test_show_all(sandbox):
    other = sandbox.node.sandbox("t", "rs").create()
    assert [(report["id"], report["layout"]) for report in shown(sandbox, "show")] == [("s", "go"), ("t", "rs")]
    other.delete()
    assert [report["id"] for report in shown(sandbox, "show")] == ["s"]


def test_show_of_none(node):
    sandbox = node.sandbox("s")
    assert check(tool(sandbox, "sandbox", "show")).out == "no sandbox\n"
    assert shown(sandbox, "show") == []


def test_a_sandbox_that_cannot_be_read_does_not_hide_the_others(sandbox):
    other = sandbox.node.sandbox("t").create()
    record = other.state / ".sandbox.json"
    text = record.read_text()
    record.write_text("{}")
    good, bad = shown(sandbox, "show", code=3)
    assert (good["id"], bad["id"]) == ("s", "t") and "error" in bad
    assert_refused(sandbox, 2, ["sandbox", "show", "t"], ".sandbox.json")
    record.write_text(text)
    other.delete()


def test_show_of_a_dead_nydusd(sandbox):
    end_process(sandbox.show()["nydusd"]["pid"])
    assert sandbox.show()["nydusd"]["state"] == "ended"


def test_show_waits_for_nobody(sandbox):
    daemon = sandbox.show()["nydusd"]["pid"]
    os.kill(daemon, signal.SIGSTOP)
    try:
        assert sandbox.show()["nydusd"]["state"] == "silent"
    finally:
        os.kill(daemon, signal.SIGCONT)


def test_create_again(sandbox):
    assert shown(sandbox, "create", "s", "--layout=go", f"--nydusd={sandbox.node.nydusd}") == [sandbox.show()]
    assert_refused(sandbox, 2, ["sandbox", "create", "s", "--layout=rs"], "other settings")


def test_create_with_everything(node, tmp_path):
    sandbox = node.sandbox("t", "rs")
    bound = tmp_path / "bound"
    bound.mkdir()
    (bound / "file").write_text("host\n")
    vhost = tmp_path / "vhost.sock"
    flags = [f"--vhost-sock={vhost}", f"--bind={bound},/etc/hostname", "--debug"]
    (report,) = shown(sandbox, "create", "t", "--layout=rs", f"--nydusd={node.nydusd}", *flags)
    assert report["nydusd"]["vhost_socket"] == str(vhost) and vhost.is_socket()
    assert report["binds"] == ["bound", "hostname"]
    assert (sandbox.share / "rw" / "sandbox-mounts" / "bound" / "file").read_text() == "host\n"
    sandbox.delete()
    assert (bound / "file").exists() and not vhost.exists()
    assert node.left_over() == []


def test_create_with_arguments_for_nydusd(node):
    sandbox = node.sandbox("t")
    words = ["sandbox", "create", "t", f"--nydusd={node.nydusd}", "--", "--log-rotation-size", "1"]
    assert_refused(sandbox, 1, words, "begin with a dash")
    check(node.run_tool(*words[:-2], "--log-rotation-size=1"))
    line = Path(f"/proc/{sandbox.show()['nydusd']['pid']}/cmdline").read_bytes()
    assert b"--log-rotation-size=1\0" in line
    sandbox.delete()


def test_create_around_a_nydusd_that_runs(node, sandbox):
    """Its share is taken, so that another sandbox cannot have it."""
    socket = sandbox.show()["nydusd"]["api_socket"]
    words = ["sandbox", "create", "t", f"--apisock={socket}"]
    assert_refused(sandbox, 2, words, "cannot serve /containers: something is mounted there already")
    assert_refused(sandbox, 1, [*words, "--debug"], "--debug")
    assert [report["id"] for report in shown(sandbox, "show")] == ["s"]


def test_create_around_a_nydusd_that_is_not_there(node):
    words = ["sandbox", "create", "t", "--apisock=/run/nowhere.sock"]
    assert_refused(node.sandbox("t"), 2, words, "'/run/nowhere.sock': No such file", "nydusd start starts one")
    assert "in time" not in node.run_tool(*words).err
    assert node.left_over() == []


def test_create_with_a_program_that_never_gets_ready(node, tmp_path):
    """It gets ten seconds; the rest of the time is for the first mount."""
    program = tmp_path / "stand-in"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    begin = time.monotonic()
    words = ["sandbox", "create", "t", f"--nydusd={program}"]
    assert_refused(node.sandbox("t"), 2, words, "does not make its API socket in time")
    assert time.monotonic() - begin < 15
    assert node.left_over() == []


WRONG_CREATIONS = {
    "no-name": ([], "wants one sandbox"),
    "two-names": (["t", "u"], "wants one sandbox"),
    "bad-name": (["../t"], "is not an identifier"),
    "layout": (["t", "--layout=c"], "--layout: 'c' is no value of this flag (LAYOUT: go or rs"),
    "relative-rootless-dir": (["t", "--rootless-dir=here"], "an absolute path"),
    "relative-bind": (["t", "--bind=here"], "sandbox bind"),
    "empty-bind": (["t", "--bind=/etc/hostname,"], "sandbox bind ''"),
}


@pytest.mark.parametrize("name", WRONG_CREATIONS)
def test_wrong_creation(node, name):
    words, phrase = WRONG_CREATIONS[name]
    assert_refused(node.sandbox("t"), 1, ["sandbox", "create", *words], phrase)
    assert node.left_over() == []


VERBS = (
    ["sandbox", "create", "s"],
    ["sandbox", "show"],
    ["sandbox", "show", "s"],
    ["sandbox", "delete", "s"],
    ["rootfs", "unshare", "s", "c"],
    ["file", "share", "s", "c", "/etc/hostname"],
    ["file", "unshare", "s", "c", "c-0123456789abcdef-x"],
    ["nydusd", "status", "--sandbox=s"],
    ["nydusd", "stop", "--sandbox=s"],
)


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_an_ordinary_user_is_told_that_root_is_needed(sandbox, words):
    assert_refused(sandbox, 1, words, "Permission denied", "run as root", user=NOBODY)


def test_names_that_are_not_there(sandbox):
    assert_refused(sandbox, 2, ["sandbox", "show", "t"], "there is no sandbox 't'", "sandbox create t")
    assert check(tool(sandbox, "sandbox", "delete", "t")).out == "there is no sandbox 't'\n"
    told = check(tool(sandbox, "rootfs", "unshare", "s", "c")).out
    assert told == "container 'c' is not shared with 's'\n"
    assert_refused(sandbox, 1, ["rootfs", "unshare", "s"], "wants a sandbox and a container")


def test_share(container):
    """The same as the hand-over: repeated by the helper, it is the same live share."""
    outcome = check(share(container))
    assert (outcome.out, outcome.err) == ("", "")
    assert record_at(container.seen_by_guest()) is not None
    container.hand_over()
    container.unshare()
    assert record_at(container.seen_by_guest()) is None


@pytest.mark.parametrize("flag", ("--show", "--json"))
def test_share_shows_the_description_on_request(container, flag):
    text = check(share(container, flag, options=container.options() + "\n")).out
    assert text.endswith("}\n")
    assert json.loads(text) == json.loads((container.sandbox.state / "c.json").read_text())


def test_share_from_a_file(container, tmp_path):
    file = tmp_path / "options"
    file.write_text(f"nydus.mode=kata,nydus.sandbox=s,nydus.container=c,{container.options()}")
    check(tool(container.sandbox, "rootfs", "share", "s", "c", file))
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]


WRONG_OPTIONS = {
    "other-sandbox": "nydus.sandbox=t",
    "other-container": "nydus.container=d",
    "other-mode": "nydus.mode=native",
}


@pytest.mark.parametrize("name", WRONG_OPTIONS)
def test_options_that_mean_something_else(container, name):
    outcome = share(container, options=f"{WRONG_OPTIONS[name]},{container.options()}")
    assert (outcome.code, outcome.out) == (1, "")
    assert container.sandbox.show()["containers"] == []


def test_wrong_share(container):
    sandbox = container.sandbox
    assert_refused(sandbox, 1, ["rootfs", "share", "s"], "wants a sandbox, a container")
    assert_refused(sandbox, 1, ["rootfs", "share", "s", "c,ro"], "is not an identifier")
    assert_refused(sandbox, 2, ["rootfs", "share", "s", "c", "/nowhere"], "/nowhere")
    payload = container.options()
    assert_refused(sandbox, 1, ["rootfs", "share", "s", "c", payload], "standard input")
    assert_refused(sandbox, 1, ["rootfs", "share", "s", "c"], "extraoption=")
    for text in ("ro\0", "nosuid"):
        outcome = share(container, options=f"{text},{payload}")
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err.count("\n") == 1


def test_rootless_directory(node, tmp_path):
    """State and share lie in it. The user needs a place where mounts propagate."""
    directory = Path("/run/user-1000")
    directory.mkdir(mode=0o700)
    sandbox = node.sandbox("u")
    check(run(*sandbox.create_command(), f"--rootless-dir={directory}"))
    (report,) = shown(sandbox, "show", f"--rootless-dir={directory}")
    assert report["state_directory"] == f"{directory}/nydus-overlayfs/u"
    assert report["served"].startswith(f"{directory}/run/kata-containers/")
    assert shown(sandbox, "show") == []
    check(run(*sandbox.delete_command(), f"--rootless-dir={directory}"))
