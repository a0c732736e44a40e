# SPDX-License-Identifier: Apache-2.0
"""A block device that is a volume: mountInfo.json, by which Kata's runtime finds it for the mount's directory."""

import base64
import json
import signal
import stat
from pathlib import Path

import pytest
from kata_lab.hand_over import mount, settings_of, target_of
from kata_lab.refusal import WRONG_CALL, refused, refused_without_a_change
from kata_lab.standalone import wait_until
from kata_lab.waiting import is_connected, start, stopped
from mount_lab.payloads import kata_volume
from mount_lab.running import check

pytest_plugins = ["kata_lab.fixtures"]

DIRECT_VOLUMES = Path("/run/kata-containers/shared/direct-volumes")
VOLUME = kata_volume({"volume_type": "direct_block", "source": "/dev/null", "fs_type": "ext4", "options": ["ro"]})
OURS = '{"volume-type":"block","device":"/dev/null","fstype":"ext4","options":["ro"]}'
SOMEBODY_ELSES = {"other-volume": OURS.replace("null", "other"), "same-volume": OURS}


def mount_info(target):
    """Kata: src/runtime/pkg/direct-volume/utils.go, base64.URLEncoding with padding."""
    return DIRECT_VOLUMES / base64.urlsafe_b64encode(str(target).encode()).decode() / "mountInfo.json"


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


@pytest.fixture
def volume(container):
    """The container's volume is a direct one: no image, no snapshot."""
    container.options = lambda: VOLUME
    return container


@pytest.fixture
def file(volume):
    return mount_info(target_of(volume))


class OthersFile:
    """Kata's runtime, or whoever else, has assigned a volume to the same path."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        path.parent.mkdir(mode=0o700, parents=True)
        path.write_text(text)
        path.chmod(0o600)
        self.inode = path.stat().st_ino

    def assert_stays(self):
        assert (self.path.read_text(), self.path.stat().st_ino) == (self.text, self.inode)
        assert list(self.path.parent.iterdir()) == [self.path]


@pytest.fixture(params=SOMEBODY_ELSES)
def others_file(file, request):
    return OthersFile(file, SOMEBODY_ELSES[request.param])


def test_handed_over(volume, file):
    volume.hand_over()
    assert file.read_text() == OURS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]
    before = file.stat().st_ino
    volume.hand_over()
    assert file.stat().st_ino == before
    volume.unshare()
    assert list(DIRECT_VOLUMES.iterdir()) == []


@pytest.fixture
def beside_an_image(container, image):
    """The same volume, and an image that nydusd has to be asked to let go."""
    content = {
        "volume_type": "image_nydus_fs",
        "source": str(image.bootstrap),
        "fs_type": "rafsv6",
        "nydus_image": {
            "config": image.configuration(container.cache),
            "snapshot_dir": str(container.snapshot),
        },
    }
    directories = f"workdir={container.snapshot}/work,upperdir={container.upper}"
    container.options = lambda: f"{directories},{kata_volume(content)},{VOLUME}"
    return container


def test_goes_even_while_nydusd_is_silent(beside_an_image):
    """All else is taken back, and what is missing is told; the second call needs nydusd alone."""
    container = beside_an_image.hand_over()
    file = mount_info(target_of(container))
    assert file.exists()
    nydusd = container.sandbox.show()["nydusd"]["pid"]
    with stopped(nydusd):
        call = start(container.unshare_command())
        wait_until(lambda: is_connected(call))
        call.send_signal(signal.SIGTERM)
        assert "c: " in call.communicate()[1] and call.returncode == 2
    assert not file.exists()
    record = json.loads((container.sandbox.state / ".sandbox.json").read_text())
    assert record["containers"][0]["bind_mount"] == 0
    container.unshare()


def test_sandbox_takes_its_volumes_along(volume, file):
    volume.hand_over()
    volume.sandbox.delete()
    assert volume.sandbox.node.left_over() == []


def test_note_of_a_sandbox_beside_it_stays(volume, file):
    """Kata notes who uses a volume by an empty file of that name."""
    volume.hand_over()
    (file.parent / "sandbox").touch()
    volume.unshare()
    assert list(file.parent.iterdir()) == [file.parent / "sandbox"]


def test_other_directory_for_the_same_container(volume, file):
    volume.hand_over()
    other = volume.snapshot / "other"
    other.mkdir()
    command = [other if word == target_of(volume) else word for word in volume.hand_over_command()]
    refused_without_a_change(command, "is shared already, and differently")
    assert list(DIRECT_VOLUMES.iterdir()) == [file.parent]
    volume.unshare()


def test_two_containers_for_one_directory(volume, file, image):
    volume.hand_over()
    other = volume.sandbox.container("other", image)
    settings = settings_of(other)
    outcome = mount(volume, settings, VOLUME)
    assert outcome.code == 32 and "mountInfo.json' is there already" in outcome.err, outcome
    assert file.exists()
    volume.unshare()
    check(mount(volume, settings, VOLUME))
    assert file.exists()
    other.unshare()
    assert not file.exists()


def test_file_of_somebody_else(volume, others_file):
    refused(volume.hand_over_command(), f"{others_file.path}' is there already", "somebody else")
    others_file.assert_stays()
    volume.unshare()
    others_file.assert_stays()
    assert volume.sandbox.show()["containers"] == []


def test_file_that_somebody_else_has_put_in_its_place(volume, file):
    """The same text, byte for byte, but not the file that was made."""
    volume.hand_over()
    text = file.read_text()
    other = file.with_name("other")
    other.write_text(text)
    other.rename(file)
    volume.unshare()
    assert file.read_text() == text


def test_killed_beside_a_file_of_somebody_else(volume, others_file, killer):
    killer.learn(volume.hand_over_command(), code=32)
    for step in killer.each_step():
        killer.kill(volume.hand_over_command(), step)
        others_file.assert_stays()
        volume.unshare()
        others_file.assert_stays()
        assert volume.sandbox.show()["containers"] == []
    killer.assert_thorough()


def assert_no_volume():
    assert not DIRECT_VOLUMES.exists() or list(DIRECT_VOLUMES.iterdir()) == []


@pytest.mark.parametrize("again", (True, False), ids=("hand-over", "unshare"))
def test_killed_hand_over(volume, file, killer, again):
    killer.learn(volume.hand_over_command())
    volume.unshare()
    for step in killer.each_step():
        killer.kill(volume.hand_over_command(), step)
        if again:
            volume.hand_over()
            assert list(file.parent.iterdir()) == [file]
        volume.unshare()
        assert_no_volume()
    killer.assert_thorough()


def test_killed_unshare(volume, file, killer):
    volume.hand_over()
    killer.learn(volume.unshare_command())
    for step in killer.each_step():
        volume.hand_over()
        killer.kill(volume.unshare_command(), step)
        volume.unshare()
        assert_no_volume()
    killer.assert_thorough()


def test_tool_has_no_directory_to_name_it_by(volume):
    options = {"stdin": None, "input": VOLUME.encode()}
    why = "a direct volume needs the mount's target"
    refused_without_a_change(volume.share_command(), why, "mount helper", code=WRONG_CALL, **options)
    assert_no_volume()
