# SPDX-License-Identifier: Apache-2.0
"""Calls nydus-overlayctl inspect; what it writes as JSON is held to its schema every time."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import jsonschema

SCHEMA = Path(__file__).resolve().parents[4] / "packaging/schema/inspect.schema.json"

GOOD, UNUSABLE, SYSTEM_ERROR, BAD = 0, 1, 2, 3


@dataclass(frozen=True)
class Report:
    """The exit status, what it wrote, and the JSON in it."""

    status: int
    output: str
    errors: str
    json: dict

    @property
    def mount(self):
        """The only mount of the text."""
        assert len(self.json["mounts"]) == 1, self.output
        return self.json["mounts"][0]


def inspect(tool, *arguments, text=""):
    """Explains `text`, or what the arguments name, as JSON."""
    command = [tool, "inspect", "--json", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    found = None
    if done.stdout:
        found = json.loads(done.stdout)
        jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    return Report(done.returncode, done.stdout, done.stderr, found)


def inspect_for_people(tool, *arguments, text=""):
    """The same as text."""
    command = [tool, "inspect", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)
