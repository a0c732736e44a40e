# SPDX-License-Identifier: Apache-2.0
"""A mount in mode kata, from the helper's command line to nydusd: what is refused and how, and what nobody may see."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from kata_lab.hand_over import assert_refused, end_process, mount, settings_of, target_of
from kata_lab.inventory import take_inventory
from kata_lab.waiting import is_connected, opened_by, stopped
from mount_lab.payloads import EXTRA_OPTION, extra_option, kata_volume
from mount_lab.records import record_at, table
from mount_lab.running import ENVIRONMENT, NOBODY, check, private_copy, run

pytest_plugins = ["kata_lab.fixtures"]

MARKER = "HUNTER2SECRET"
PATIENCE = 10
POLL = 0.01


def test_handed_over(container):
    """Exit 0 means handed over; nothing is mounted on the directory, and nothing is said."""
    outcome = mount(container, "rw", settings_of(container), container.options(), "dev", "suid")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert record_at(target_of(container)) is None
    assert record_at(container.seen_by_guest()) is not None
    (storage,) = container.storages()
    assert storage["driver"] == "overlayfs"
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]
    container.unshare()
    container.sandbox.delete()
    assert container.sandbox.node.left_over() == []


def test_by_mount_program(container):
    """mount(8) finds the helper by its name, puts options of its own in front, and sees success without a mount."""
    scratch = Path("/run/sbin")
    scratch.mkdir()
    node = container.sandbox.node
    with private_copy("/usr/sbin", scratch) as directory:
        for program in (node.helper, node.tool):
            check(run("cp", program, directory))
        options = f"{settings_of(container)},{container.options()}"
        check(run("mount", "-t", "fuse.nydus-overlayfs", "overlay", target_of(container), "-o", options))
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]


# What is wrong with the options: exit code, what is changed in them, and what the message says.
WRONG = {
    "no-sandbox": (1, {"settings": "nydus.mode=kata,nydus.container=c"}, "nydus.sandbox=", "config.toml"),
    "no-container": (1, {"settings": "nydus.mode=kata,nydus.sandbox=s"}, "nydus.container="),
    "unknown-sandbox": (
        32,
        {"settings": "nydus.mode=kata,nydus.sandbox=other,nydus.container=c"},
        "there is no sandbox 'other'",
        "nydus-overlayctl sandbox create other",
    ),
    "no-payload": (1, {"payload": ""}, "extraoption=", "io.katacontainers.volume="),
    "no-base64": (1, {"payload": "extraoption=!"}, "extraoption: "),
    "no-config": (1, {"payload": extra_option({**EXTRA_OPTION, "config": ""})}, "extraoption: config"),
    "payload-not-looked-at": (1, {"more": "nydus.payload=ignore"}, "nydus.payload=ignore"),
    "read-only": (1, {"more": "ro"}, "'ro'"),
    "no-set-user-id": (1, {"more": "nosuid,nodev"}, "'nosuid,nodev'"),
    "access-times": (1, {"more": "noatime"}, "'noatime'"),
    "remount": (1, {"more": "remount"}, "'remount'"),
    "propagation": (1, {"more": "rshared"}, "'rshared'"),
    "other-layout": (1, {"more": "nydus.layout=rs"}, "has the layout go"),
    "other-socket": (1, {"more": "nydus.apisock=/run/other.sock"}, "has its nydusd at"),
    "nobody-listens": (
        2,
        {"settings": "nydus.mode=kata,nydus.sandbox=new,nydus.container=c,nydus.apisock=/run/other.sock"},
        "/run/other.sock",
    ),
    "other-directory": (1, {"payload": extra_option({**EXTRA_OPTION, "snapshotdir": "/etc"})}, "snapshotdir"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options(container, name):
    code, change, *phrases = WRONG[name]
    parts = {"settings": settings_of(container), "payload": container.payload(), "more": "", **change}
    options = container.options().replace(container.payload(), parts["payload"])
    assert_refused(container, code, (parts["settings"], options, parts["more"]), *phrases)
    assert container.sandbox.show()["containers"] == []


@pytest.mark.parametrize("switches", ([], ["-f"]), ids=("mount", "fake"))
def test_ordinary_user_is_told_that_root_is_needed(container, switches):
    options = f"{settings_of(container)},{container.options()}"
    outcome = mount(container, options, switches=switches, target="/run", user=NOBODY)
    assert (outcome.code, outcome.out) == (1, "")
    assert "Permission denied (it needs CAP_SYS_ADMIN: run as root)" in outcome.err and outcome.err.count("\n") == 1


def test_image_mode_is_not_there_yet(container):
    assert_refused(container, 2, ("nydus.mode=image", container.options()), "mode image")


def test_directory_that_is_not_there(container):
    options = (settings_of(container), container.options())
    nowhere, file, link = (container.snapshot / name for name in ("nowhere", "file", "link"))
    file.touch()
    link.symlink_to("empty")
    assert_refused(container, 32, options, "does not exist", target=nowhere)
    assert_refused(container, 32, options, "not a directory", target=file)
    assert_refused(container, 32, options, "symbolic link", target=link)


def test_changed_payload(container):
    container.hand_over()
    changed = extra_option({**EXTRA_OPTION, "snapshotdir": str(container.snapshot)})
    options = container.options().replace(container.payload(), changed)
    assert_refused(container, 32, (settings_of(container), options), "differently", "rootfs unshare")
    container.hand_over()


def test_same_volume_on_another_directory(container):
    """Nothing that is handed over depends on the directory; a direct volume's name does."""
    pulled = {"volume_type": "image_guest_pull", "source": "busybox", "image_pull": {"metadata": {"k": "v"}}}
    words = (settings_of(container), kata_volume(pulled))
    check(mount(container, *words))
    check(mount(container, *words, target=container.upper))
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]


def test_container_that_was_taken_back(container):
    container.hand_over()
    container.unshare()
    assert_refused(container, 32, (settings_of(container), container.options()), "another container name")


def test_nydusd_that_died(container):
    end_process(container.sandbox.show()["nydusd"]["pid"])
    assert_refused(container, 32, (settings_of(container), container.options()), "has died", "sandbox create s")


def test_nydusd_that_is_silent(container):
    daemon = container.sandbox.show()["nydusd"]
    os.kill(daemon["pid"], signal.SIGSTOP)
    try:
        options = (settings_of(container), container.options())
        assert_refused(container, 32, options, daemon["api_socket"], "no time is left", "or it hangs")
    finally:
        os.kill(daemon["pid"], signal.SIGCONT)


def test_image_that_nydusd_refuses(container):
    """nydusd's own words are told; what was begun is undone, and the name is free for a good image."""
    broken = extra_option({**EXTRA_OPTION, "source": "/etc/passwd", "snapshotdir": str(container.snapshot)})
    options = container.options().replace(container.payload(), broken)
    assert_refused(container, 32, (settings_of(container), options), "nydusd")
    assert container.sandbox.show()["containers"] == []
    container.hand_over()


def test_fake(container):
    """-f finds what can be found without changing anything."""
    before = take_inventory()
    outcome = check(mount(container, settings_of(container), container.options(), switches=["-f"]))
    assert (outcome.out, outcome.err) == ("", "")
    assert take_inventory().difference(before) == []
    assert container.sandbox.show()["containers"] == []
    other = settings_of(container).replace("sandbox=s", "sandbox=other")
    assert_refused(container, 32, (other, container.options()), "no sandbox 'other'", switches=["-f"])
    nowhere = container.snapshot / "nowhere"
    options = (settings_of(container), container.options())
    assert_refused(container, 32, options, "does not exist", switches=["-f"], target=nowhere)


def test_fake_refuses_what_the_mount_would(container):
    options = container.options().replace(container.payload(), container.payload("/etc"))
    settings = settings_of(container)
    for switches in (["-f"], []):
        assert_refused(container, 1, (settings, options), "snapshotdir", "nor below a snapshot root", switches=switches)
    container.hand_over()
    assert check(mount(container, settings, container.options(), switches=["-f"])).err == ""
    container.unshare()
    assert_refused(container, 32, (settings, container.options()), "was taken back", switches=["-f"])


def test_verbose(container):
    outcome = check(mount(container, settings_of(container), container.options(), "volatile", switches=["-v"]))
    assert outcome.out == ""
    assert outcome.err.splitlines() == [
        f"mount.fuse.nydus-overlayfs: {line}"
        for line in (
            "hand over container 'c' to sandbox 's': an image for nydusd",
            f"upper '{container.upper}'",
            f"work '{container.snapshot}/work'",
            "left out: 'lowerdir', 'volatile'",
        )
    ]


@contextlib.contextmanager
def other_namespace():
    """The ID of a process in a copy of this mount namespace, with whose mounts it is not connected."""
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    script = "mount -t tmpfs -o mode=0755 other /run && mount --make-shared /run && echo && exec cat"
    with subprocess.Popen([*words, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.stdin.close()


def test_other_namespace(node, image_of_version):
    """-N: directory, sandbox and share are those of the namespace; this one is left alone."""
    container = node.sandbox("s").container("c", image_of_version["6"])
    programs = node.directory / "programs"
    programs.mkdir()
    check(run("cp", node.helper, node.tool, programs))
    with other_namespace() as process:
        inside = ["nsenter", f"--mount=/proc/{process}/ns/mnt"]
        tool = programs / "nydus-overlayctl"
        check(run(*inside, tool, "sandbox", "create", "s", f"--nydusd={node.nydusd}"))
        check(run(*inside, "mkdir", "/run/target"))
        before = take_inventory()
        options = f"{settings_of(container)},{container.options()}"
        helper = programs / "mount.fuse.nydus-overlayfs"
        check(run(helper, "overlay", "/run/target", "-N", f"/proc/{process}/ns/mnt", "-o", options))
        assert take_inventory().difference(before) == []
        assert record_at(container.bind(), process) is not None
        check(run(*inside, tool, "sandbox", "delete", "s"))
        assert record_at(container.bind(), process) is None


def secret_payload(container, **changes):
    """What the container needs, with a secret in it that nydusd does not mind."""
    config = json.loads(container.image.configuration(container.cache))
    config["device"]["backend"]["config"]["auth"] = MARKER
    content = {
        "source": str(container.image.bootstrap),
        "config": json.dumps(config),
        "snapshotdir": str(container.snapshot),
        **changes,
    }
    return extra_option(content)


def assert_nothing_tells(container, *texts):
    """Neither what was said, nor a file of the state, nor nydusd's log."""
    files = [path for path in container.sandbox.state.parent.rglob("*") if path.is_file()]
    assert {".sandbox.json", "nydusd.log"} <= {path.name for path in files}
    for text in (*texts, *(path.read_text(errors="replace") for path in files)):
        assert MARKER not in text


SECRETS = {
    "good": {},
    "image-missing": {"source": f"/{MARKER}"},
    "no-image": {"source": "/etc/passwd"},
    "no-configuration": {"config": MARKER},
    "other-configuration": {"config": json.dumps({"version": 2, MARKER: MARKER})},
    "other-directory": {"snapshotdir": f"/{MARKER}"},
}


@pytest.mark.parametrize("name", SECRETS)
def test_payload_is_not_told(container, name):
    options = container.options().replace(container.payload(), secret_payload(container, **SECRETS[name]))
    outcome = mount(container, settings_of(container), options, switches=["-v"])
    assert (outcome.code == 0) == (name == "good"), outcome
    assert_nothing_tells(container, outcome.out, outcome.err)


def test_volume_is_not_told(container):
    volume = kata_volume({"volume_type": "image_raw_block", "source": f"/{MARKER}", "fs_type": "erofs"})
    outcome = mount(container, settings_of(container), volume, switches=["-v"])
    assert MARKER not in outcome.out + outcome.err


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(POLL)


def words_of(process):
    return (Path("/proc") / str(process.pid) / "cmdline").read_bytes().split(b"\0")


@contextlib.contextmanager
def waiting_hand_over(container, options):
    """A hand-over that waits for an nydusd that is stopped; it goes on when the block ends."""
    daemon = container.sandbox.show()["nydusd"]["pid"]
    command = [container.sandbox.node.helper, "overlay", target_of(container), "-o", options]
    with stopped(daemon):
        streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, env=ENVIRONMENT, **streams)
        wait_until(lambda: words_of(process)[0] == b"nydus-overlayctl")
        wait_until(lambda: is_connected(process))
        yield process


def test_payload_is_not_in_the_process_table(container):
    options = container.options().replace(container.payload(), secret_payload(container))
    with waiting_hand_over(container, f"{settings_of(container)},{options}") as process:
        name, request, end = words_of(process)
        assert (name, end) == (b"nydus-overlayctl", b"") and request.startswith(b"--request-fd=")
        assert MARKER.encode() not in (Path("/proc") / str(process.pid) / "environ").read_bytes()
        assert not any("memfd" in path for path in opened_by(process))
    assert (process.communicate()[1], process.returncode) == ("", 0)


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT), ids=lambda number: number.name)
def test_interrupted(container, number):
    """As systemd does when it has waited long enough. All is undone, and the name stays free."""
    options = f"{settings_of(container)},{container.options()}"
    mounts = table()
    with waiting_hand_over(container, options) as process:
        process.send_signal(number)
    error = process.communicate()[1]
    assert process.returncode == 8, error
    assert error.count("\n") == 1 and "interrupted" in error
    assert table() == mounts
    assert container.sandbox.show()["containers"] == []
    container.hand_over()


def test_ignored_signals_stay_ignored(container):
    options = f"{settings_of(container)},{container.options()}"
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with waiting_hand_over(container, options) as process:
            process.send_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, previous)
    assert (process.communicate()[1], process.returncode) == ("", 0)


def test_request_is_not_for_people(node):
    for words, phrase in (
        (["--request-fd=9"], "no descriptor"),
        (["--request-fd=x"], "no descriptor"),
        (["--request-fd=0"], "no descriptor"),
    ):
        outcome = node.run_tool(*words)
        assert (outcome.code, outcome.out) == (1, "")
        assert phrase in outcome.err and "mount.fuse.nydus-overlayfs hands mounts over" in outcome.err
        assert outcome.err.count("\n") == 1
    assert "request-fd" not in node.run_tool("--help").out
