# SPDX-License-Identifier: Apache-2.0
"""How nydusd 2.2.0 answers, and that the fake one of test_nydusd_client_faults.py answers alike: the same cases for
both. Byte by byte what only a transport shows, through the tool what it makes of the answers.
"""

import contextlib
import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import jsonschema
import pytest
from mount_lab.requirements import need_program
from mount_lab.tracing import traced
from nydusd_lab.api import DAEMON, MOUNT, Closed, mount_body, mount_target, request
from nydusd_lab.daemon import Daemon, Image, fake_program, real_program

SCHEMA = Path(__file__).resolve().parents[2] / "packaging/schema/nydusd-status.schema.json"
ABORTED = -signal.SIGABRT
MAX_BODY = 51200
MAX_LINE = 1024
MAX_CONNECTIONS = 256


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


def refused(answer, status, part):
    """nydusd's own refusal, in its own JSON."""
    assert (answer.status, json.loads(answer.body)["code"]) == (status, "UNDEFINED"), answer
    assert part in answer.message


def failed(done, status, part):
    """One line of the tool's on standard error."""
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.count("\n") == 1
    assert part in done.stderr


# What nydusd is asked for


def test_first_answer_says_running(api):
    information = api.information()
    assert information["state"] == "RUNNING"
    assert information["backend_collection"] == {}


def test_image_is_mounted_once(api, image):
    assert api.mount("/rafs/a/lowerdir", "rafs", image.bootstrap, image.config).status == 204
    entry = api.mounts()["/rafs/a/lowerdir"]
    assert (entry["backend_type"], entry["mountpoint"]) == ("Rafs", "/rafs/a/lowerdir")
    again = api.mount("/rafs/a/lowerdir", "rafs", image.bootstrap, image.config)
    refused(again, 500, "object or filesystem already exists")


def test_umount_of_nothing_is_refused(api, share):
    api.mount("/containers", "passthrough_fs", share)
    assert api.umount("/containers").status == 204
    assert api.mounts() == {}
    refused(api.umount("/containers"), 500, "object or filesystem doesn't exist")


def test_directories_above_a_mount_point_are_no_mounts(api, share):
    api.mount("/rafs/a/lowerdir", "passthrough_fs", share)
    refused(api.umount("/rafs/a"), 500, "object or filesystem doesn't exist")


def test_nested_mounts_are_taken(api, share):
    assert api.mount("/a", "passthrough_fs", share).status == 204
    assert api.mount("/a/b", "passthrough_fs", share).status == 204
    assert sorted(api.mounts()) == ["/a", "/a/b"]


@pytest.mark.parametrize(
    "mount_point",
    ["/a b", "/a%2Fb", "/a+b", "/a#b", "/a&b=c", "/ä€😀", '/"<>', "/a//b", "/a/", "/a/../b"],
)
def test_mount_points_are_kept_as_they_were_sent(api, share, mount_point):
    assert api.mount(mount_point, "passthrough_fs", share).status == 204
    assert list(api.mounts()) == [mount_point]
    assert api.umount(mount_point).status == 204


@pytest.mark.parametrize("fs_type", ["passthrough_fs", "passthroughfs", "passthrough"])
def test_directory_has_a_type_of_three_names(api, share, fs_type):
    assert api.mount("/a", fs_type, share).status == 204


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"fs_type":"rafs"}', b'{"source":"/a","config":{}}'])
def test_body_that_is_no_mount_is_refused(api, body):
    refused(api.ask("POST", mount_target("/a"), body), 400, "ParseBody" if body else "")


def test_other_file_systems_are_refused(api, share):
    refused(api.mount("/a", "Rafs", share), 500, "only 'rafs' and 'passthrough_fs' are supported")


def test_relative_mount_point_is_refused(api, share):
    refused(api.mount("a", "passthrough_fs", share), 500, "VFS failed to handle request, PathWalk(")


def test_source_must_exist(api, v6, tmp_path):
    refused(api.mount("/a", "passthrough_fs", tmp_path / "no"), 500, "passthroughfs failed to handle request")
    refused(api.mount("/a", "rafs", tmp_path / "no", v6.config), 500, "RAFS failed to handle request")
    assert api.mounts() == {}


def test_what_is_no_image_or_no_configuration_is_refused(api, v6):
    for source, config in ((v6.bootstrap, ""), (v6.bootstrap, "junk"), ("/dev/null", v6.config)):
        refused(api.mount("/a", "rafs", source, config), 500, "RAFS failed to handle request")


def test_backend_is_told_of_images_only(api, v6, share):
    api.mount("/a", "rafs", v6.bootstrap, v6.config)
    api.mount("/b", "passthrough_fs", share)
    answer = api.ask("GET", f"{DAEMON}/backend?mountpoint=/a")
    assert answer.status == 200
    assert json.loads(answer.body)["magic"] == 0xE0F5E1E2
    for other in ("/b", "/c"):
        assert api.ask("GET", f"{DAEMON}/backend?mountpoint={other}").status == 500
    refused(api.ask("GET", f"{DAEMON}/backend"), 400, "QueryString(")


def test_metrics_of_images(api, v6):
    refused(api.ask("GET", "/api/v1/metrics"), 404, "NoCounter")
    api.mount("/a", "rafs", v6.bootstrap, v6.config)
    assert api.ask("GET", "/api/v1/metrics").status == 200
    assert api.ask("GET", "/api/v1/metrics?id=/a").status == 200
    refused(api.ask("GET", "/api/v1/metrics?id=/b"), 404, "NoCounter")
    refused(api.ask("GET", "/api/v1/metrics/inflight"), 500, "Unsupported")


def test_metrics_of_former_mounts_stay(api, v6):
    for mount_point in ("/a", "/b"):
        api.mount(mount_point, "rafs", v6.bootstrap, v6.config)
        api.umount(mount_point)
    refused(api.ask("GET", "/api/v1/metrics"), 404, "NoCounter")
    assert api.ask("GET", "/api/v1/metrics?id=/a").status == 200


# Transport


def test_answer_has_no_reason_and_keeps_the_connection(api, share):
    with api.connect() as connection:
        answer = connection.ask("POST", mount_target("/a"), mount_body("passthrough_fs", share))
        assert answer.head.split("\r\n") == ["HTTP/1.1 204 ", "Server: Nydus API", "Connection: keep-alive"]
        told = connection.ask("GET", DAEMON)
        assert told.head.startswith("HTTP/1.1 200 \r\n")
        assert f"Content-Length: {len(told.body)}" in told.head.split("\r\n")


def test_wish_to_close_is_ignored(api):
    with api.connect() as connection:
        connection.send(f"GET {DAEMON} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        assert connection.answer().status == 200
        assert connection.ask("GET", DAEMON).status == 200


@pytest.mark.parametrize(
    "method,target,status,part",
    [
        ("GET", f"{DAEMON}/", 404, "NoRoute"),
        ("GET", "/", 404, "NoRoute"),
        ("GET", f"{MOUNT}?mountpoint=/a", 400, "BadRequest"),
        ("GET", MOUNT, 400, "QueryString("),
        ("POST", MOUNT, 400, "QueryString("),
        ("DELETE", DAEMON, 400, "BadRequest"),
        ("PUT", f"{DAEMON}/start", 400, "UnexpectedEvent"),
        ("GET", "/api/v1/config", 404, "NoRoute"),
    ],
)
def test_what_is_not_there_is_refused(api, method, target, status, part):
    refused(api.ask(method, target), status, part)


def test_body_may_have_51200_bytes(api, share):
    body = mount_body("passthrough_fs", share)
    filled = body[:-1] + b" " * (MAX_BODY - len(body)) + b"}"
    assert api.ask("POST", mount_target("/a"), filled).status == 204
    answer = api.ask("POST", mount_target("/b"), filled[:-1] + b" }")
    assert answer.status == 400
    with pytest.raises(ValueError):
        json.loads(answer.body)
    assert list(api.mounts()) == ["/a"]


def test_request_line_may_have_1024_bytes(api, share):
    body = mount_body("passthrough_fs", share)
    longest = "/" + "a" * (MAX_LINE - len(f"POST {mount_target('/')} HTTP/1.1\r\n"))
    assert api.ask("POST", mount_target(longest), body).status == 204
    answer = api.ask("POST", mount_target(longest + "a"), body)
    assert (answer.status, b"Invalid request." in answer.body) == (400, True)
    assert list(api.mounts()) == [longest]


def test_request_in_pieces_gets_500_and_is_carried_out(api, share):
    data = request("POST", mount_target("/a"), mount_body("passthrough_fs", share))
    with api.connect() as connection:
        connection.send(data[:30])
        answer = connection.answer()
        assert (answer.status, answer.body) == (500, b"Resource temporarily unavailable (os error 11)")
        connection.send(data[30:])
        assert connection.answer().status == 204
    assert list(api.mounts()) == ["/a"]


def test_half_closed_request_is_lost(api, share):
    with api.connect() as connection:
        connection.send(request("POST", mount_target("/a"), mount_body("passthrough_fs", share)))
        connection.socket.shutdown(socket.SHUT_WR)
        with pytest.raises(Closed):
            connection.answer()
    assert api.mounts() == {}


def test_257th_connection_is_sent_away(api, nydusd):
    with contextlib.ExitStack() as connections:
        for _ in range(MAX_CONNECTIONS):
            last = connections.enter_context(api.connect())
        last.ask("GET", DAEMON)
        with api.connect() as one_more:
            answer = one_more.answer()
        assert answer.head.split("\r\n")[0] == "HTTP/1.1 503"
        assert json.loads(answer.body) == {"error": "Too many open connections"}
        failed(nydusd("status"), 2, "Too many open connections")


# What the tool makes of it


def status(nydusd):
    done = nydusd("status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    return told


def test_status_tells_process_and_mounts(daemon, nydusd, v6, share):
    daemon.api.mount("/rafs/a/lowerdir", "rafs", v6.bootstrap, v6.config)
    daemon.api.mount("/b \x1b", "passthrough_fs", share)
    told = status(nydusd)
    assert (told["pid"], told["state"], told["id"]) == (daemon.process.pid, "RUNNING", None)
    assert told["mounts"] == [
        {"mount_point": "/b \x1b", "type": "PassthroughFs"},
        {"mount_point": "/rafs/a/lowerdir", "type": "Rafs"},
    ]
    text = nydusd("status").stdout
    assert "RUNNING" in text and "/b \\x1b" in text and "\x1b" not in text


def test_status_of_an_image_says_what_nydusd_knows(nydusd, v6, daemon):
    daemon.api.mount("/a", "rafs", v6.bootstrap, v6.config)
    assert json.loads(nydusd("status", "/a", "--json").stdout)["magic"] == 0xE0F5E1E2
    assert "  /magic " in nydusd("status", "/a").stdout
    failed(nydusd("status", "/b"), 2, "object or filesystem doesn't exist")


def test_mount_and_umount(nydusd, image, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(image.config)
    words = ("/rafs/a/lowerdir", f"--source={image.bootstrap}")
    assert nydusd("mount", *words, f"--config={config}").returncode == 0
    assert status(nydusd)["mounts"] == [{"mount_point": "/rafs/a/lowerdir", "type": "Rafs"}]
    failed(nydusd("mount", *words, f"--config={config}"), 2, "something is mounted there already")
    assert nydusd("umount", "/rafs/a/lowerdir").returncode == 0
    again = nydusd("umount", "/rafs/a/lowerdir")
    assert (again.returncode, again.stdout) == (3, "nothing is mounted at '/rafs/a/lowerdir'\n")
    assert nydusd("mount", *words, "--config=-", text=image.config).returncode == 0


@pytest.mark.parametrize("mount_point", ["/a b", "/a%2Fb", "/a+b", "/a#b", "/a&b=c", "/ä€😀", '/"<>'])
def test_mount_points_of_any_text_go_there_and_back(nydusd, share, mount_point):
    assert nydusd("mount", mount_point, "--type=passthrough_fs", f"--source={share}").returncode == 0
    assert [mount["mount_point"] for mount in status(nydusd)["mounts"]] == [mount_point]
    assert nydusd("umount", mount_point).returncode == 0
    assert status(nydusd)["mounts"] == []


@pytest.mark.parametrize("mount_point", ["/", "a", "/a/", "/a//b", "/a/../b", "/rafs/../lowerdir", ""])
def test_mount_points_that_nydusd_would_take_for_others_are_refused(nydusd, share, mount_point):
    failed(nydusd("mount", mount_point, "--type=passthrough_fs", f"--source={share}"), 1, "mount point")
    assert status(nydusd)["mounts"] == []


def test_nested_mounts_are_refused(nydusd, share):
    words = ("--type=passthrough_fs", f"--source={share}")
    nydusd("mount", "/a/b", *words)
    failed(nydusd("mount", "/a", *words), 2, "contains '/a/b'")
    failed(nydusd("mount", "/a/b/c", *words), 2, "lies below '/a/b'")
    assert nydusd("mount", "/a/bc", *words).returncode == 0


def test_longest_configuration_arrives(nydusd, v6):
    words = ("mount", "/a", f"--source={v6.bootstrap}", "--config=-")
    body = len(mount_body("rafs", v6.bootstrap, v6.config).replace(b'": "', b'":"').replace(b'", "', b'","'))
    longest = v6.config + " " * (MAX_BODY - body)
    failed(nydusd(*words, text=longest + " "), 1, "as JSON they have 51201 bytes, and nydusd takes 51200")
    assert nydusd(*words, text=longest).returncode == 0


def test_longest_mount_point_arrives(nydusd, share):
    longest = "/" + "a" * (MAX_LINE - len(f"DELETE {mount_target('/')} HTTP/1.1\r\n"))
    assert nydusd("mount", longest, "--type=passthrough_fs", f"--source={share}").returncode == 0
    assert nydusd("umount", longest).returncode == 0
    failed(nydusd("mount", longest + "aaa", "--type=passthrough_fs", f"--source={share}"), 1, "1025 bytes")


@pytest.mark.parametrize("config", ["junk", '{"device": 1}', "{}", ""])
def test_configuration_that_nydusd_refuses_is_not_shown(nydusd, v6, config):
    secret = "Pa55w0rd"
    done = nydusd("mount", "/a", f"--source={v6.bootstrap}", "--config=-", text=f"{config}{secret}")
    failed(done, 2, "mount of '/a': nydusd says")
    assert secret not in done.stderr


def test_refusals_are_nydusds_own_words(nydusd, v6, tmp_path):
    words = ("mount", "/a", "--config=-")
    failed(nydusd(*words, "--source=/dev/null", text=v6.config), 2, "RAFS failed to handle request")
    nowhere = f"--source={tmp_path}/no"
    failed(nydusd("mount", "/a", nowhere, "--type=passthrough_fs"), 2, "passthroughfs failed to handle request")
    assert status(nydusd)["mounts"] == []


def test_metrics(nydusd, api, v6):
    failed(nydusd("metrics"), 2, "NoCounter")
    api.mount("/a", "rafs", v6.bootstrap, v6.config)
    assert json.loads(nydusd("metrics", "--json").stdout)["id"] == "/a"
    assert re.search(r"^  /data_read +0$", nydusd("metrics", "--id=/a").stdout, re.MULTILINE)
    failed(nydusd("metrics", "inflight"), 2, "Unsupported")
    failed(nydusd("metrics", "nothing"), 1, "is no part of nydusd's metrics")


def test_request_leaves_in_one_piece(tool, daemon, v6, tmp_path):
    log = tmp_path / "log"
    filled = v6.config + " " * 40000
    config = tmp_path / "config.json"
    config.write_text(filled)
    verb = ("nydusd", "mount", "/a", f"--apisock={daemon.api_socket}", f"--source={v6.bootstrap}")
    done, calls = traced(log, "%network", tool, *verb, f"--config={config}")
    assert done.code == 0
    sent = [call for call in calls if re.search(r" send(to|msg)\(", call)]
    assert ["GET" in sent[0], "POST" in sent[1], len(sent)] == [True, True, 2]


# Ends


def test_sigterm_without_a_guest_leaves_the_daemon_and_its_socket(daemon):
    daemon.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.wait(1)
    assert daemon.api_socket.is_socket()
    with socket.socket(socket.AF_UNIX) as guest:
        guest.connect(str(daemon.vhost_socket))
    assert daemon.wait() == 0


def test_question_after_sigterm_aborts_the_daemon(daemon):
    daemon.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.wait(0.2)
    with pytest.raises((Closed, ConnectionError)):
        daemon.api.ask("GET", DAEMON)
    assert daemon.wait() == ABORTED


def test_exit_without_a_guest_leaves_the_daemon_and_its_socket(daemon):
    assert daemon.api.ask("PUT", f"{DAEMON}/exit").status == 204
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.wait(1)
    assert daemon.api_socket.is_socket()


def test_sigkill_leaves_both_sockets(daemon, nydusd):
    daemon.process.kill()
    daemon.wait()
    assert daemon.api_socket.is_socket()
    assert daemon.vhost_socket.is_socket()
    failed(nydusd("status"), 2, "nobody listens on")
