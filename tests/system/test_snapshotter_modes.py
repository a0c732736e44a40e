# SPDX-License-Identifier: Apache-2.0
"""Less common ways to run nydus-snapshotter: volatile upper layers, and the proxy for guests that pull images."""

import subprocess
from pathlib import Path

import pytest

from nydus_stack import layers
from nydus_stack.configuration import SNAPSHOTTER, Snapshotter
from nydus_stack.image import plain_image
from nydus_stack.mounts import mount_at, parse
from nydus_stack.stack import Stack

CONTAINERD_VERSIONS = ["2.4", "1.7"]


@pytest.fixture(scope="module", params=CONTAINERD_VERSIONS)
def volatile_stack(request, helper, programs):
    with Stack(programs, helper.path, request.param, Snapshotter(volatile=True)) as stack:
        yield stack
    assert stack.leftovers == []


def test_volatile_upper_layer(volatile_stack, sample_layers):
    reference = volatile_stack.add_nydus_image("volatile", sample_layers)
    outcome = volatile_stack.run(reference, "grep ' / / ' /proc/self/mountinfo; echo new >/data/new")
    assert outcome.status == 0, outcome.errors
    assert {"volatile", "fsync=volatile"} & set(parse(outcome.output).super_options)
    assert volatile_stack.traces_of_containers() == []


@pytest.fixture(scope="module", params=CONTAINERD_VERSIONS)
def proxy(request, helper, programs):
    with Stack(programs, helper.path, request.param, Snapshotter("proxy")) as stack:
        yield stack
    assert stack.leftovers == []


def add_proxied_image(stack, directory, count):
    """An image of `count` layers, and the last two parts of the directory of each, topmost first.

    The proxy leaves the directories empty, so each one gets a file to know it by.
    """
    snapshots = stack.directory / "snapshotter" / "snapshots"
    before = set(snapshots.iterdir()) if snapshots.exists() else set()
    sources = [
        layers.write_layer(directory / str(number), {f"{count}-{number}": ""}) for number in range(1, count + 1)
    ]
    reference = stack.add_image(f"layers-{count}", plain_image(sources))
    added = sorted(set(snapshots.iterdir()) - before, key=lambda path: int(path.name))
    assert len(added) == count
    for number, snapshot in enumerate(added, start=1):
        (snapshot / "fs" / f"from-{number}").write_text("")
        (snapshot / "fs" / "top").write_text(f"{number}\n")
    return reference, [(snapshot.name, "fs") for snapshot in reversed(added)]


@pytest.mark.parametrize("count", [3, 111])
def test_all_layers_of_a_proxied_image_are_mounted_in_order(proxy, programs, tmp_path, count):
    reference, directories = add_proxied_image(proxy, tmp_path, count)
    binaries = tmp_path / "bin"
    layers.install_busybox(programs.busybox, binaries)
    outcome = proxy.run(
        reference,
        "cat /top; ls -d /from-*; grep ' / / ' /proc/self/mountinfo",
        *("--mount", f"type=bind,src={binaries},dst=/bin,options=rbind:ro"),
    )
    assert outcome.status == 0, outcome.errors
    lines = outcome.output.splitlines()
    assert lines[0] == str(count)
    assert sorted(lines[1:-1]) == sorted(f"/from-{number}" for number in range(1, count + 1))
    # A long list may have been shortened to paths relative to the directory of all snapshots.
    assert [Path(layer).parts[-2:] for layer in parse(lines[-1]).layers()] == directories
    assert proxy.traces_of_containers() == []


def test_view_of_a_single_proxied_layer(proxy, tmp_path):
    reference, _ = add_proxied_image(proxy, tmp_path, 1)
    target = proxy.directory / "view"
    proxy.ctr("snapshots", "--snapshotter", SNAPSHOTTER, "view", "single", proxy.top_of(reference))
    mounted = proxy.mount_snapshot("single", target)
    assert mounted.returncode == 0, mounted.stderr
    try:
        assert (target / "from-1").exists()
        assert "ro" in mount_at(target).options
        with pytest.raises(OSError, match="Read-only file system"):
            (target / "new").write_text("")
    finally:
        subprocess.run(["umount", target], check=True)
        proxy.delete_snapshot("single")
