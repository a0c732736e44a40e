# SPDX-License-Identifier: Apache-2.0
"""What `nydus-overlayctl nydusd` asks of nydusd 2.2.0, and of the fake one, and makes of the answers."""

import contextlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
from mount_lab.tracing import traced
from nydusd_lab.api import mount_body, mount_target
from nydusd_lab.outcome import failed

pytest_plugins = ["nydusd_lab.fixtures"]

SCHEMA = Path(__file__).resolve().parents[2] / "packaging/schema/nydusd-status.schema.json"
MAX_BODY = 51200
MAX_LINE = 1024
MAX_CONNECTIONS = 256


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


def test_daemon_that_has_too_many_connections_is_told_from_one_that_is_dead(daemon, nydusd):
    with contextlib.ExitStack() as connections:
        for _ in range(MAX_CONNECTIONS):
            last = connections.enter_context(daemon.api.connect())
        last.ask("GET", "/api/v1/daemon")
        failed(nydusd("status"), 2, "Too many open connections")
    daemon.process.kill()
    daemon.wait()
    failed(nydusd("umount", "/a"), 2, "nobody listens on")
