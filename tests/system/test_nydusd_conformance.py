# SPDX-License-Identifier: Apache-2.0
"""How nydusd 2.2.0 answers, byte by byte where only a transport shows it, and that the fake one of
test_nydusd_client_faults.py answers alike: the same cases for both.
"""

import contextlib
import json
import signal
import socket
import subprocess

import pytest
from nydusd_lab.api import DAEMON, MOUNT, Closed, mount_body, mount_target, request

pytest_plugins = ["nydusd_lab.fixtures"]

ABORTED = -signal.SIGABRT
MAX_BODY = 51200
MAX_LINE = 1024
MAX_CONNECTIONS = 256


def refused(answer, status, part):
    """nydusd's own refusal, in its own JSON."""
    assert (answer.status, json.loads(answer.body)["code"]) == (status, "UNDEFINED"), answer
    assert part in answer.message


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


@contextlib.contextmanager
def stopped(process):
    """What is sent meanwhile is there all at once when the daemon goes on."""
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("half", [True, False], ids=["half", "whole"])
def test_request_on_a_closed_connection_is_lost(daemon, share, half):
    with daemon.api.connect() as connection:
        connection.ask("GET", DAEMON)
        with stopped(daemon.process):
            connection.send(request("POST", mount_target("/a"), mount_body("passthrough_fs", share)))
            if half:
                connection.socket.shutdown(socket.SHUT_WR)
            else:
                connection.socket.close()
        if half:
            with pytest.raises(Closed):
                connection.answer()
    assert daemon.api.mounts() == {}


def test_257th_connection_is_sent_away(api):
    with contextlib.ExitStack() as connections:
        for _ in range(MAX_CONNECTIONS):
            last = connections.enter_context(api.connect())
        last.ask("GET", DAEMON)
        with api.connect() as one_more:
            answer = one_more.answer()
        assert answer.head.split("\r\n")[0] == "HTTP/1.1 503"
        assert json.loads(answer.body) == {"error": "Too many open connections"}


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


def test_sigkill_leaves_both_sockets(daemon):
    daemon.process.kill()
    daemon.wait()
    assert daemon.api_socket.is_socket()
    assert daemon.vhost_socket.is_socket()
