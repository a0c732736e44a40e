# SPDX-License-Identifier: Apache-2.0
"""What our packages install, whatever kind they are of."""

import re

HELPER_PACKAGE, TOOL_PACKAGE = "nydus-overlayfs", "nydus-overlayctl"
HELPER = "/usr/sbin/mount.fuse.nydus-overlayfs"
ALIAS = "/usr/sbin/nydus-overlayfs"
TOOL = "/usr/bin/nydus-overlayctl"
CONFIGURATION = "/etc/nydus-overlayfs/config.toml"

# On the machine: the packages, before they are installed.
FOLDER = "/srv/packages"


class Machine:
    """A fresh root on which packages are installed."""

    def __init__(self, root):
        self.root = root
        self.run, self.shell = root.run, root.shell

    def put(self, packages):
        """Copies packages to the machine; their paths there."""
        return [self.root.copy_in(package, f"{FOLDER}/{package.name}") for package in packages]

    def version_of(self, program):
        """What `program` says its version is."""
        match = re.search(r"\d+\.\d+\.\d+", self.run([program, "--version"]).stdout)
        assert match, f"{program} does not say its version"
        return match[0]
