# SPDX-License-Identifier: Apache-2.0
"""A sandbox of a user who is root only in a namespace of their own, where the host's root has no ID."""

import json
import os
import shutil
from pathlib import Path

import pytest
from kata_lab.node import Container
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

USER = 12345
AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
IN_OWN_NAMESPACE = (*AS_USER, "unshare", "--user", "--map-root-user", "--mount")

# What lies below the runtime directory propagates; that is the user's to see to.
SCRIPT = """
set -eu
mount -t tmpfs -o mode=0700 rootless "$directory"
mount --make-shared "$directory"
"$tool" sandbox create s --layout="$layout" --nydusd="$nydusd" --rootless-dir="$directory" >/dev/null
"$tool" rootfs share s c "$options" --rootless-dir="$directory"
"$tool" nydusd status --sandbox=s --rootless-dir="$directory" --json
grep -c " $directory/.*/$served/c/snapshotdir " /proc/self/mountinfo
"$tool" rootfs unshare s c --rootless-dir="$directory"
"$tool" sandbox delete s --rootless-dir="$directory"
grep -c snapshotdir /proc/self/mountinfo || true
find "$directory" -name s
"""


class User:
    """A runtime directory, and a container's files, of an ordinary user."""

    def __init__(self, node, image):
        self.node = node
        self.directory = Path(f"/run/user-{USER}")
        self.directory.mkdir(mode=0o700)
        files = Path("/run/files")
        shutil.copytree(image.blobs.parent, files / "image")
        node.directory = files
        owned = type(image)(image.version, files / "image" / image.bootstrap.name, files / "image" / image.blobs.name)
        self.options = files / "options"
        self.options.write_text(Container(node.sandbox("s"), "c", owned).options())
        for path in (self.directory, files, *files.rglob("*")):
            os.chown(path, USER, USER)

    def creation(self):
        flags = [f"--nydusd={self.node.nydusd}", f"--rootless-dir={self.directory}"]
        return [self.node.tool, "sandbox", "create", "s", *flags]

    def variables(self, layout):
        paths = {"tool": self.node.tool, "nydusd": self.node.nydusd}
        paths |= {"directory": self.directory, "options": self.options, "layout": layout}
        paths["served"] = {"go": "shared", "rs": "rw"}[layout]
        return {"PATH": "/usr/bin:/usr/sbin:/bin", "LC_ALL": "C"} | {name: str(path) for name, path in paths.items()}


@pytest.fixture
def user(node, image_of_version):
    node.nydusd = shutil.copy(node.nydusd, "/run/programs/nydusd")
    return User(node, image_of_version["6"])


@pytest.mark.parametrize("layout", ["go", "rs"])
def test_whole_life_of_a_sandbox(user, layout):
    outcome = check(run(*IN_OWN_NAMESPACE, "sh", "-c", SCRIPT, env=user.variables(layout)))
    assert outcome.err == ""
    status, _, rest = outcome.out.rpartition("}\n")
    assert [mount["mount_point"] for mount in json.loads(status + "}")["mounts"]] == ["/containers", "/rafs/c/lowerdir"]
    assert rest.split() == ["1", "0"]


def test_directory_that_others_can_write_stays_refused(user):
    """Also where nobody's directories have to do for root's."""
    user.directory.parent.chmod(0o777)
    outcome = run(*IN_OWN_NAMESPACE, *user.creation())
    assert outcome.code != 0
    assert "'/run' can be written by group or others" in outcome.err


def test_directory_of_somebody_else_below_the_own_one_is_refused(user):
    (user.directory / "run").mkdir()
    outcome = run(*IN_OWN_NAMESPACE, *user.creation())
    assert outcome.code != 0
    assert f"'{user.directory}/run' belongs to user ID 65534" in outcome.err


def test_user_without_a_namespace_is_told(user):
    outcome = run(*AS_USER, *user.creation())
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.count("\n") == 1
    assert "root" in outcome.err
    assert not list(user.directory.rglob("s"))
