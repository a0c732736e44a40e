# SPDX-License-Identifier: Apache-2.0
"""The fresh machines of these tests: nothing of them is seen outside, and nothing outlives the test."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from package_lab.artefacts import CACHE
from package_lab.fresh_root import FreshRoot

PYTHON = Path(__file__).resolve().parents[1] / "support" / "python"
DEATH_SECONDS = 20

ENDLESS = """
import sys
from package_lab.fresh_root import FreshRoot
with FreshRoot() as root:
    print(root.process_id, flush=True)
    root.run(["sleep", "1000"])
"""


def test_a_change_is_gone_with_the_machine():
    with FreshRoot() as root:
        root.shell("touch /etc/changed && rm -r /usr/share/doc")
    with FreshRoot() as root:
        root.shell("test ! -e /etc/changed && test -d /usr/share/doc")


def mounts_where_it_mounts():
    """Below the cache, where its root is, and on what the test below mounts. Others of the machine may come and go."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [words for words in mounts if words[4] == "/mnt" or Path(words[4]).is_relative_to(CACHE)]


def test_it_has_namespaces_of_its_own_and_may_make_more():
    before = mounts_where_it_mounts()
    with FreshRoot() as root:
        assert mounts_where_it_mounts() == before
        root.shell("mount -t tmpfs tmpfs /mnt && unshare --mount mount -t tmpfs tmpfs /mnt && test $$ -lt 100")
        assert mounts_where_it_mounts() == before


def test_a_killed_test_leaves_no_process_and_thereby_no_mount():
    environment = {**os.environ, "PYTHONPATH": str(PYTHON)}
    command = [sys.executable, "-B", "-c", ENDLESS]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as test:
        release = Path("/proc") / test.stdout.readline().strip() / "root/etc/debian_version"
        assert release.exists()
        test.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + DEATH_SECONDS
    while release.exists():
        assert time.monotonic() < deadline, "the machine is still there"
        time.sleep(0.02)
