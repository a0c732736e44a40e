# SPDX-License-Identifier: Apache-2.0
"""`nydus-overlayctl nydusd`: which daemon is meant, and which one is not trusted. What it asks of a daemon is in
test_nydusd_client.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from kata_lab.hand_over import end_process
from mount_lab.requirements import need_program
from mount_lab.running import NOBODY, check
from nydusd_lab.daemon import Daemon, Image, fake_program
from nydusd_lab.outcome import failed

pytest_plugins = ["kata_lab.fixtures"]

SCHEMA = Path(__file__).resolve().parents[2] / "packaging/schema/nydusd-status.schema.json"

# Listens as another user on a socket that root has made.
FOREIGN_DAEMON = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.setuid(int(sys.argv[2]))
listener.listen(1)
print("ready", flush=True)
listener.accept()[0].recv(1)
"""


@pytest.fixture
def nydusd(tool):
    def run(*words):
        return subprocess.run([tool, "nydusd", *words], text=True, capture_output=True, check=False)

    return run


@pytest.fixture
def daemon(tmp_path):
    started = Daemon(fake_program(), tmp_path / "d")
    yield started
    started.end()


def test_one_daemon_must_be_named(nydusd):
    for verb in (("status",), ("mount", "/a", "--source=/a", "--config=/a"), ("umount", "/a"), ("metrics",), ("stop",)):
        failed(nydusd(*verb), 1, "--apisock or --sandbox must say which nydusd")
        failed(nydusd(*verb, "--apisock=/a", "--sandbox=a"), 1, "not both")


def test_operands_are_counted(nydusd):
    for words in (("mount",), ("mount", "/a", "/b"), ("umount",), ("umount", "/a", "/b")):
        failed(nydusd(*words, "--apisock=/a"), 1, "wants one mount point")
    failed(nydusd("status", "/a", "/b", "--apisock=/a"), 1, "one mount point at most")
    failed(nydusd("metrics", "files", "pattern", "--apisock=/a"), 1, "one part at most")


def test_mount_says_which_flag_is_missing(nydusd, daemon):
    apisock = f"--apisock={daemon.api_socket}"
    failed(nydusd("mount", "/a", apisock), 1, "--source is missing")
    failed(nydusd("mount", "/a", apisock, "--source=/a"), 1, "--config is missing")
    failed(nydusd("mount", "/a", apisock, "--source=/a", "--type=ext4", "--config=/dev/null"), 1, "'ext4' is neither")


@pytest.mark.parametrize("seconds", ["0", "3601", "-1", "x", "1e9"])
def test_timeout_is_a_number_of_seconds(nydusd, seconds):
    assert nydusd("status", "--apisock=/a", f"--timeout={seconds}").returncode == 1


def no_daemon(done, *parts):
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.count("\n") == 1
    for part in ("nydusd is not running: ", *parts):
        assert part in done.stdout


def test_status_says_that_nobody_listens(nydusd, daemon):
    """Whether the socket is there or not; --json has the same members as ever."""
    flag = f"--apisock={daemon.api_socket}"
    daemon.end()
    no_daemon(nydusd("status", flag), f"nobody listens on '{daemon.api_socket}'")
    no_daemon(nydusd("status", "/a", flag), f"nobody listens on '{daemon.api_socket}'")
    told = nydusd("status", flag, "--json")
    assert (told.returncode, told.stderr) == (3, "")
    report = json.loads(told.stdout)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    assert (report["state"], report["mounts"]) == ("ended", [])
    daemon.api_socket.unlink()
    no_daemon(nydusd("status", flag), str(daemon.api_socket), "No such file or directory")


# Answers one question, and listens no more.
FLEETING_DAEMON = """
import json, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(9)
print("ready", flush=True)
connection = listener.accept()[0]
connection.recv(1024)
listener.close()
body = json.dumps({"version": {}, "id": None, "state": "RUNNING", "backend_collection": {}}).encode()
connection.sendall(b"HTTP/1.1 200 \\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
connection.recv(1)
"""


def test_status_tells_the_process_that_gave_the_answer(nydusd, tmp_path):
    """Another question could meet another process."""
    path = tmp_path / "api.sock"
    with subprocess.Popen([sys.executable, "-c", FLEETING_DAEMON, path], stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout.readline() == "ready\n"
        told = nydusd("status", f"--apisock={path}", "--json")
        assert (told.returncode, told.stderr) == (0, ""), told
        assert json.loads(told.stdout)["pid"] == daemon.pid
        assert daemon.wait() == 0


def test_other_verbs_say_how_to_get_a_daemon(nydusd):
    words = "--apisock=/nowhere.sock"
    for verb in (("mount", "/a", "--type=passthrough_fs", "--source=/"), ("umount", "/a"), ("metrics",), ("stop",)):
        failed(nydusd(*verb, words), 2, "/nowhere.sock", "nydusd start starts one")


def test_directory_that_others_can_write_is_refused(nydusd, daemon):
    daemon.directory.chmod(0o770)
    failed(nydusd("status", f"--apisock={daemon.api_socket}"), 1, "can be written by group or others")


def test_socket_and_directory_of_another_user_are_refused(root, nydusd, daemon):
    os.chown(daemon.api_socket, NOBODY, NOBODY)
    failed(nydusd("status", f"--apisock={daemon.api_socket}"), 1, "is owned by neither root nor this user")
    os.chown(daemon.api_socket, 0, 0)
    os.chown(daemon.directory, NOBODY, NOBODY)
    failed(nydusd("status", f"--apisock={daemon.api_socket}"), 1, "is owned by neither root nor this user")


def test_daemon_of_another_user_is_refused_before_anything_is_sent(root, nydusd, tmp_path):
    path = tmp_path / "api.sock"
    words = [sys.executable, "-c", FOREIGN_DAEMON, path, str(NOBODY)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as foreign:
        assert foreign.stdout.readline() == "ready\n"
        failed(nydusd("status", f"--apisock={path}"), 1, f"is served by user {NOBODY}, neither root nor this user")
        assert foreign.wait() == 0


def test_sandbox_names_its_daemon(root, node, tmp_path):
    sandbox = node.sandbox("s1")
    sandbox.create()
    image = Image(need_program("nydus_image"), tmp_path / "image", "6")
    config = tmp_path / "config.json"
    config.write_text(image.config)

    def nydusd(verb, *words):
        return check(node.run_tool("nydusd", verb, "--sandbox=s1", *words))

    def mounts():
        return [mount["mount_point"] for mount in json.loads(nydusd("status", "--json").out)["mounts"]]

    assert mounts() == ["/containers"]
    nydusd("mount", "/rafs/c1/lowerdir", f"--source={image.bootstrap}", f"--config={config}")
    assert mounts() == ["/containers", "/rafs/c1/lowerdir"]
    nydusd("umount", "/rafs/c1/lowerdir")
    assert mounts() == ["/containers"]
    end_process(sandbox.show()["nydusd"]["pid"])
    refused = node.run_tool("nydusd", "metrics", "--sandbox=s1")
    assert (refused.code, refused.out) == (2, "")
    assert "sandbox delete and sandbox create s1 give it a new one" in refused.err
    assert node.run_tool("nydusd", "status", "--sandbox=s1").code == 3
    check(node.run_tool("sandbox", "delete", "s1"))
    assert node.run_tool("nydusd", "status", "--sandbox=s1").code == 2
