# SPDX-License-Identifier: Apache-2.0
"""Payloads hold credentials, and containerd logs what a failed hand-over says: it repeats nothing of them."""

import json

import pytest
from mount_lab.payloads import VOLUME, changed, extra_option, kata_volume
from mount_lab.running import run

pytest_plugins = ["kata_lab.fixtures"]

MARKER = "HUNTER2SECRET"
REFUSED = 1
NOT_SHARED = 32


def configuration(**changes):
    """Of nydusd, with members replaced by their paths: backend__type="x"."""
    device = {
        "backend": {"type": "localfs", "config": {"dir": "/tmp"}},
        "cache": {"type": "blobcache", "config": {"work_dir": "/tmp"}},
    }
    document = {"device": device, "mode": "direct"}
    for path, value in changes.items():
        document = changed(document, path.replace("__", "."), value)
    return json.dumps(document)


# Members of an extra option, whose others are good, by what is wrong.
EXTRA_OPTIONS = {
    "source-missing": {"source": f"/{MARKER}"},
    "source-relative": {"source": MARKER},
    "source-with-nul": {"source": f"/{MARKER}\0"},
    "source-too-long": {"source": f"/{MARKER}" * 5000},
    "config-no-json": {"config": MARKER},
    "config-cut": {"config": configuration()[:-1] + MARKER},
    "config-too-long": {"config": MARKER * 5000},
    "config-mode": {"config": configuration(mode=MARKER)},
    "config-number": {"config": configuration(mode={MARKER: 1})},
    "config-type": {"config": configuration(device__backend__type=MARKER)},
    "config-cache-type": {"config": configuration(device__cache__type=MARKER)},
    "config-member": {"config": configuration(device__backend__config={"dir": {MARKER: MARKER}})},
    "config-directory": {"config": configuration(device__backend__config={"dir": f"/{MARKER}"})},
    "config-work-directory": {"config": configuration(device__cache__config={"work_dir": f"/dev/null/{MARKER}"})},
    "snapshotdir": {"snapshotdir": f"/{MARKER}"},
    "snapshotdir-relative": {"snapshotdir": MARKER},
    "fs-version": {"fs_version": MARKER, "source": f"/{MARKER}"},
}
VOLUMES = {
    "type": {**VOLUME, "volume_type": MARKER},
    "source": {**VOLUME, "source": f"/{MARKER}", "dm_verity": {**VOLUME["dm_verity"], "no_superblock": False}},
    "source-relative": {**VOLUME, "source": MARKER},
    "option": {**VOLUME, "options": [f"X-key={MARKER}"]},
    "option-of-containerd": {**VOLUME, "options": [f"loop,extraoption={MARKER}"]},
    "nydus-image": {
        "volume_type": "image_nydus_fs",
        "source": f"/{MARKER}",
        "fs_type": f"rafs{MARKER}",
        "nydus_image": {"config": MARKER, "snapshot_dir": f"/{MARKER}"},
    },
    "guest-pull": {"volume_type": "image_guest_pull", "source": "", "image_pull": {"metadata": {MARKER: MARKER}}},
}


@pytest.fixture
def hand_over(container):
    """Hands over with that payload, and says what was said."""

    def outcome_of(payload):
        snapshot = container.snapshot
        directories = f"workdir={snapshot}/work,upperdir={snapshot}/fs,lowerdir={snapshot}/empty"
        return run(*container.hand_over_command(f"{directories},{payload}"))

    return outcome_of


def assert_fails_in_silence(outcome):
    assert outcome.code in (REFUSED, NOT_SHARED), outcome
    assert outcome.err.count("\n") == 1
    assert MARKER not in outcome.out + outcome.err


@pytest.mark.parametrize("name", EXTRA_OPTIONS)
def test_extra_option_that_fails_is_not_shown(container, hand_over, name):
    good = {
        "source": str(container.image.bootstrap),
        "config": configuration(),
        "snapshotdir": str(container.snapshot),
        "fs_version": "v6",
    }
    assert_fails_in_silence(hand_over(extra_option(good | EXTRA_OPTIONS[name])))


@pytest.mark.parametrize("name", VOLUMES)
def test_volume_that_fails_is_not_shown(hand_over, name):
    assert_fails_in_silence(hand_over(kata_volume(VOLUMES[name])))
