# SPDX-License-Identifier: Apache-2.0
"""In a user namespace the flags of a mount from outside are locked, and mount.fuse always appends dev,suid."""

import pytest
from mount_lab.lab import lowerdir
from mount_lab.running import mount, run

pytest_plugins = ["mount_lab.fixtures"]

MS_NOSUID, MS_NODEV = 2, 4
SCRIPT = '"$@" && grep " $target " /proc/self/mountinfo'


@pytest.mark.parametrize("words", ("dev,suid", "rw"))
def test_locked_flags_of_a_layer_stay(helper, lab, words):
    (layer,) = lab.layers(1)
    mount("tmpfs", layer, "tmpfs", MS_NOSUID | MS_NODEV)
    command = [helper.path, "overlay", lab.target, "-v", "-o", f"{lowerdir([layer])},{words}"]
    environment = {"PATH": "/usr/bin:/usr/sbin:/bin", "LC_ALL": "C", "target": str(lab.target)}
    outcome = run("unshare", "-Urm", "sh", "-c", SCRIPT, "sh", *command, env=environment)
    assert outcome.code == 0, outcome
    assert " ro,nosuid,nodev,relatime - tmpfs " in outcome.out
    assert "locked in this user namespace" in outcome.err
