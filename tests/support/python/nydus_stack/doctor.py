# SPDX-License-Identifier: Apache-2.0
"""nydus-overlayctl doctor, and what it says."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jsonschema

SCHEMA = Path(__file__).resolve().parents[4] / "packaging" / "schema" / "doctor.schema.json"

# No other containerd of the machine is seen from a process namespace of one's own.
ALONE = ("unshare", "--mount", "--pid", "--fork", "--mount-proc")
GOOD, BROKEN = 0, 3
SECONDS = 60

# Bare: what doctor finds must not depend on its caller's.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass(frozen=True)
class Report:
    """The exit status, and the findings as they were written."""

    status: int
    findings: tuple

    def named(self, name):
        return [finding for finding in self.findings if finding["id"] == name]

    def severities(self, name):
        return {finding["severity"] for finding in self.named(name)}

    def text(self):
        return json.dumps(self.findings, ensure_ascii=False)


def read_report(done):
    assert done.stderr == "", done
    assert done.returncode in (GOOD, BROKEN), done
    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    assert report["mounts_work"] is (done.returncode == GOOD)
    return Report(done.returncode, tuple(report["findings"]))


def examine(tool, *flags, **settings):
    """Runs doctor here."""
    command = [tool, "doctor", "--json", *flags]
    settings = {"env": ENVIRONMENT, **settings}
    return read_report(
        subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=SECONDS, check=False, **settings
        )
    )


def examine_changed_node(tool, change, *flags, **settings):
    """Runs doctor in a mount namespace that the shell script `change` has worked on, and without other processes."""
    script = f"set -e\n{change}\nexec {tool} doctor --json {' '.join(map(str, flags))}"
    command = [*ALONE, "/bin/sh", "-c", script]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=ENVIRONMENT,
        **settings,
    )
    return read_report(done)
