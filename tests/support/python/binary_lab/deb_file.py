# SPDX-License-Identifier: Apache-2.0
"""Debian packages as files."""

import subprocess
import tarfile
from email.parser import Parser
from io import BytesIO


def members_of(path, part):
    """`part` is --ctrl-tarfile or --fsys-tarfile of dpkg-deb."""
    archive = subprocess.run(["dpkg-deb", part, path], check=True, stdout=subprocess.PIPE).stdout
    return tarfile.open(fileobj=BytesIO(archive))


class DebFile:
    """One package: its fields, its control files, and the entries that it installs."""

    def __init__(self, path):
        self.path = path
        with members_of(path, "--ctrl-tarfile") as control:
            self.control = {
                entry.name.removeprefix("./"): control.extractfile(entry).read().decode() for entry in control if entry.isfile()
            }
        self.fields = Parser().parsestr(self.control["control"])
        with members_of(path, "--fsys-tarfile") as files:
            self.entries = {entry.name.removeprefix("."): entry for entry in files}

    def paths(self):
        """All that is no directory."""
        return {name for name, entry in self.entries.items() if not entry.isdir()}

    def packages_in(self, field):
        """The names in a field of relations, without versions."""
        return {relation.split()[0] for relation in self.fields.get(field, "").split(",") if relation.strip()}

    def unpack(self, folder):
        subprocess.run(["dpkg-deb", "--extract", self.path, folder], check=True)
        return folder
