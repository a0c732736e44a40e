# SPDX-License-Identifier: Apache-2.0
"""The configuration snippets of packaging/node, as the programs that they are for understand them."""

import re
import subprocess
import time
import tomllib
from pathlib import Path

import pytest
from nydus_stack.programs import Programs

NODE = Path(__file__).resolve().parents[2] / "packaging" / "node"
OLD = ("containerd-1.7.toml", "containerd-1.7-runtime-class.toml")
NEW = ("containerd-2.toml", "containerd-2-runtime-class.toml")
START_SECONDS = 20

# What a test machine has no room for.
NOTHING_ELSE = """
[system]
  enable = false
[cgroup]
  enable = false
[metrics]
  address = ""
"""


def values(table, place=()):
    """Every value by its place."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from values(value, (*place, key))
        else:
            yield (*place, key), value


def settings(text):
    return {place: value for place, value in values(tomllib.loads(text)) if place != ("version",)}


def containerd(version, path, command="dump"):
    """What containerd makes of a file, and what it says of it."""
    program = Programs().containerd_with_cri(version)
    done = subprocess.run([program, "-c", path, "config", command], check=True, capture_output=True, text=True)
    return settings(done.stdout), done.stderr


def misunderstood(version, path):
    """The settings of a file that containerd does not have in the end."""
    understood, words = containerd(version, path)
    wanted = settings(path.read_text())
    assert wanted
    lost = {place: value for place, value in wanted.items() if understood.get(place) != value}
    return lost, re.findall(r"(?i).*(?:ignor|unknown|deprecat).*", words)


@pytest.mark.parametrize("version,name", [*(("1.7", name) for name in OLD), *(("2.4", name) for name in NEW)])
def test_containerd_understands_every_setting(version, name):
    assert misunderstood(version, NODE / name) == ({}, [])


@pytest.mark.parametrize("version,name", [("1.7", OLD[0]), ("2.4", NEW[0])])
def test_a_misspelt_setting_would_be_noticed(version, name, tmp_path):
    path = tmp_path / name
    path.write_text((NODE / name).read_text().replace("disable_snapshot_annotations", "disable_annotations"))
    lost, _ = misunderstood(version, path)
    assert [place[-1] for place in lost] == ["disable_annotations"]


def test_containerd_2_does_not_take_over_the_settings_of_1_7():
    """What README.md warns of; it migrates a file by itself, and says nothing of what is lost."""
    images, runtime = "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"
    migrated, _ = containerd("2.4", NODE / OLD[0], "migrate")
    assert migrated[("plugins", images, "snapshotter")] == "overlayfs"
    assert migrated[("plugins", images, "disable_snapshot_annotations")] is True
    migrated, _ = containerd("2.4", NODE / OLD[1], "migrate")
    assert migrated[("plugins", runtime, "containerd", "runtimes", "nydus", "snapshotter")] == "nydus"
    assert ("plugins", images, "runtime_platforms", "nydus", "snapshotter") not in migrated


def test_both_ends_of_the_socket_are_the_same():
    snapshotter = tomllib.loads((NODE / "nydus-snapshotter.toml").read_text())
    for name in (*OLD, *NEW):
        assert settings((NODE / name).read_text())[("proxy_plugins", "nydus", "address")] == snapshotter["address"]


def start_snapshotter(text, directory):
    """Starts nydus-snapshotter; returns what it wrote until its socket was there or it had ended."""
    programs = Programs()
    for folder in ("/run/containerd-nydus", "/var/lib/containerd-nydus"):
        text = text.replace(folder, str(directory))
    paths = f'  nydusd_path = "{programs.nydusd}"\n  nydusimage_path = "{programs.nydus_image}"\n'
    (directory / "config.toml").write_text(text.replace("[daemon]\n", f"[daemon]\n{paths}") + NOTHING_ELSE)
    (directory / "nydusd.json").write_text('{"device": {"backend": {"type": "registry", "config": {}}}}')
    log = directory / "log"
    files = ["--config", directory / "config.toml", "--nydusd-config", directory / "nydusd.json"]
    with open(log, "wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", programs.snapshotter, *files, "--log-to-stdout"],
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and not (directory / "containerd-nydus-grpc.sock").exists():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        return process.poll(), log.read_text()
    finally:
        process.terminate()
        process.wait()


def test_snapshotter_starts(tmp_path):
    code, words = start_snapshotter((NODE / "nydus-snapshotter.toml").read_text(), tmp_path)
    assert code is None, words


@pytest.mark.parametrize("key", ("fs_driver", "enable_nydus_overlayfs", "nydus_overlayfs_path"))
def test_snapshotter_knows_the_keys(tmp_path, key):
    """It refuses a value of another kind, which it does only for keys that it knows; it names the line."""
    text = re.sub(f"(?m)^  {key} = .*$", f"  {key} = 1", (NODE / "nydus-snapshotter.toml").read_text())
    code, words = start_snapshotter(text, tmp_path)
    assert code not in (None, 0)
    lines = (tmp_path / "config.toml").read_text().splitlines()
    assert f"({lines.index(f'  {key} = 1') + 1}, 3): Can't convert" in words
