# SPDX-License-Identifier: Apache-2.0
"""Containers on a fresh machine, by its installed containerd and runc."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nydus_stack import layers
from nydus_stack.doctor import read_report

PYTHON = Path(__file__).resolve().parents[1]
INSIDE = "/tmp/python"
SHOW_USER_IDS = "/tmp/show-user-ids"


@dataclass(frozen=True)
class ContainerStart:
    """What container_start.py reports."""

    status: int
    output: str
    errors: str
    leftovers: list
    doctor: dict

    def assert_all_works(self):
        """Layers, writing, and a set-user-ID program, which needs our helper: the Go one mounts with nosuid."""
        self.assert_runs()
        assert f"effective 0 real {layers.USER_ID}\n" in self.output

    def assert_runs(self):
        assert self.status == 0, self.errors
        assert self.output.startswith(f"{layers.OF_LAYER_2}removed\nnew\n")
        assert " - overlay overlay " in self.output
        assert self.leftovers == []

    def report(self):
        """What doctor said while containerd ran."""
        said = self.doctor
        return read_report(subprocess.CompletedProcess([], said["status"], said["stdout"], said["stderr"]))


def start_container(machine, show_user_ids):
    if not machine.root.path(INSIDE).exists():
        machine.root.copy_in(PYTHON, INSIDE)
        machine.root.copy_in(show_user_ids, SHOW_USER_IDS)
    command = ["python3", "-B", "-m", "package_lab.container_start", SHOW_USER_IDS]
    done = machine.run(command, env={"PYTHONPATH": INSIDE})
    return ContainerStart(**json.loads(done.stdout))


def examine(machine):
    """What doctor says while no containerd runs."""
    return read_report(machine.run(["nydus-overlayctl", "doctor", "--json"], check=False))
