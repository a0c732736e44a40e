# SPDX-License-Identifier: Apache-2.0
"""Containers whose root file system the helper mounts.

Registry, containerd, nydus-snapshotter, nydusd and runc are the real ones.
"""

import io
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from nydus_stack import layers
from nydus_stack.configuration import SNAPSHOTTER, Snapshotter
from nydus_stack.mounts import detach, mount_at, mounts_below, parse
from nydus_stack.stack import Stack

FORMATS = {"v6-zstd": ("6", "zstd"), "v6-none": ("6", "none"), "v5-zstd": ("5", "zstd"), "v5-none": ("5", "none")}
SHOW_ROOT_MOUNT = "grep ' / / ' /proc/self/mountinfo"


class Chain:
    """A stack with one image per format."""

    def __init__(self, stack, sample_layers):
        self.stack = stack
        self.images = {name: stack.add_nydus_image(name, sample_layers, *choice) for name, choice in FORMATS.items()}

    @property
    def image(self):
        return self.images["v6-zstd"]


@pytest.fixture(scope="module", params=["2.4", "1.7"])
def chain(request, helper, programs, sample_layers):
    with Stack(programs, helper.path, request.param, Snapshotter()) as stack:
        yield Chain(stack, sample_layers)
    assert stack.leftovers == []


@pytest.fixture(autouse=True)
def nothing_left_behind(chain):
    yield
    assert chain.stack.traces_of_containers() == []


def succeeded(outcome):
    assert outcome.status == 0, outcome.errors + outcome.output
    return outcome.output


@pytest.mark.parametrize("image_format", FORMATS)
def test_container_sees_the_layers_merged(chain, image_format):
    script = "cat /data/of-layer-2 /data/replaced; test -e /data/removed || echo whiteout"
    output = succeeded(chain.stack.run(chain.images[image_format], script))
    assert output == f"{layers.OF_LAYER_2}{layers.REPLACED}whiteout\n"


def test_container_writes_into_its_root(chain):
    script = """echo new >/data/new && echo more >>/data/replaced && rm /data/of-layer-2
cat /data/new /data/replaced
ls /data"""
    output = succeeded(chain.stack.run(chain.image, script))
    assert output == f"new\n{layers.REPLACED}more\nnew\nreplaced\n"


def test_root_mount_is_a_writable_overlay_that_honours_devices_and_set_user_id(chain):
    mount = parse(succeeded(chain.stack.run(chain.image, SHOW_ROOT_MOUNT)))
    assert mount.kind == "overlay"
    assert "rw" in mount.options
    assert not mount.options & {"nosuid", "nodev", "noexec"}
    assert not [option for option in mount.super_options if option.startswith(("extraoption", "io.katacontainers"))]


def test_set_user_id_program_of_the_image_works(chain):
    options = ("--user", str(layers.USER_ID), "--allow-new-privs")
    output = succeeded(chain.stack.run(chain.image, "/bin/show-user-ids", *options))
    assert output == f"effective 0 real {layers.USER_ID}\n"


def test_read_only_container(chain):
    script = f"{SHOW_ROOT_MOUNT}; touch /data/new 2>/dev/null || echo refused"
    line, refused = succeeded(chain.stack.run(chain.image, script, "--read-only")).splitlines()
    assert "ro" in parse(line).options
    assert refused == "refused"


def test_what_a_container_changed_can_be_diffed_and_committed(chain):
    script = "echo changed >/data/changed; rm /data/replaced"
    succeeded(chain.stack.run(chain.image, script, remove=False))
    container = chain.stack.last_container
    difference = chain.stack.ctr_bytes("snapshots", "--snapshotter", SNAPSHOTTER, "diff", container)
    assert difference.returncode == 0, difference.stderr
    with tarfile.open(fileobj=io.BytesIO(difference.stdout)) as tar:
        assert tar.extractfile("data/changed").read() == b"changed\n"
        assert "data/.wh.replaced" in tar.getnames()
    chain.stack.ctr("containers", "delete", "--keep-snapshot", container)
    chain.stack.ctr("snapshots", "--snapshotter", SNAPSHOTTER, "commit", f"committed-{container}", container)
    listing = chain.stack.ctr("snapshots", "--snapshotter", SNAPSHOTTER, "info", f"committed-{container}").stdout
    assert '"Committed"' in listing
    chain.stack.delete_snapshot(f"committed-{container}")


def test_volatile_upper_layer_asked_for_by_a_label(chain):
    label = ("--snapshotter-label", "containerd.io/snapshot/overlay.volatile=true")
    mount = parse(succeeded(chain.stack.run(chain.image, SHOW_ROOT_MOUNT, *label)))
    assert {"volatile", "fsync=volatile"} & set(mount.super_options)


@pytest.fixture
def mounted_snapshot(chain, request):
    """A new snapshot of the image, mounted by mount(8); the parameter is the verb of ctr that makes it."""
    target = chain.stack.directory / "by-hand"
    key = f"by-hand-{request.param}"
    mounted = chain.stack.mount_new_snapshot(request.param, key, chain.stack.top_of(chain.image), target)
    assert mounted.returncode == 0, mounted.stderr
    yield target
    subprocess.run(["umount", target], check=True)
    chain.stack.delete_snapshot(key)


@pytest.mark.parametrize("mounted_snapshot", ["view"], indirect=True)
def test_view_is_read_only(mounted_snapshot):
    assert (mounted_snapshot / "data/of-layer-2").read_text() == layers.OF_LAYER_2
    assert not (mounted_snapshot / "data/removed").exists()
    with pytest.raises(OSError, match="Read-only file system"):
        (mounted_snapshot / "data/new").write_text("")


@pytest.mark.parametrize("mounted_snapshot", ["prepare"], indirect=True)
def test_mount_program_mounts_writable(mounted_snapshot):
    mount = mount_at(mounted_snapshot)
    assert "rw" in mount.options and "rw" in mount.super_options
    (mounted_snapshot / "data/new").write_text("new\n")
    assert (mounted_snapshot / "data/new").read_text() == "new\n"


@pytest.mark.parametrize("writable", [False, True])
def test_image_mounted_by_ctr(chain, writable):
    # The daemon of containerd 2.4 remembers a mount point longer than the mount: each one is used once.
    target = chain.stack.directory / f"image-{'writable' if writable else 'as-it-is'}"
    target.mkdir()
    access = ["--rw"] if writable else []
    chain.stack.ctr("images", "mount", "--snapshotter", SNAPSHOTTER, *access, chain.image, target)
    try:
        assert (target / "data/of-layer-2").read_text() == layers.OF_LAYER_2
        if writable:
            (target / "data/new").write_text("new\n")
    finally:
        chain.stack.ctr("images", "unmount", "--snapshotter", SNAPSHOTTER, "--rm", target)
        # ctr 2.4 takes away its own mount, not the one that the mount manager of the daemon made for it.
        for mount in reversed(mounts_below(chain.stack.directory / "containerd" / "state")):
            if "mount-manager" in mount.target:
                detach(mount.target)


def test_thirty_starts_in_a_row(chain):
    outcomes = [chain.stack.run(chain.image, "cat /data/of-layer-2") for _ in range(30)]
    assert [outcome.errors for outcome in outcomes if outcome.output != layers.OF_LAYER_2] == []


def test_twenty_starts_at_once(chain):
    def start(number):
        return chain.stack.run_named(f"at-once-{number}", chain.image, "cat /data/of-layer-2")

    with ThreadPoolExecutor(max_workers=20) as pool:
        outcomes = list(pool.map(start, range(20)))
    assert [outcome.errors for outcome in outcomes if outcome.output != layers.OF_LAYER_2] == []
