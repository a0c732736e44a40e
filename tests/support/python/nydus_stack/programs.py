# SPDX-License-Identifier: Apache-2.0
"""Where tests/setup put the programs of the neighbours."""

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SETUP = Path(__file__).resolve().parents[3] / "setup" / "run"
DEBIAN_CONTAINERD = "1.6"
# The PATH that systemd gives to services, and containerd has.
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class MissingProgram(Exception):
    """A program that tests/setup has not put into the cache yet."""


@dataclass(frozen=True)
class Programs:
    """Paths of all programs; asking for one that is not there raises MissingProgram."""

    @cached_property
    def _directories(self):
        listing = subprocess.run([SETUP, "--where"], check=True, capture_output=True, text=True).stdout
        return {name: Path(path) for name, path in (line.split("=", 1) for line in listing.splitlines())}

    def _existing(self, group, name, inside):
        path = self._directories[name] / inside
        if not path.exists():
            raise MissingProgram(f"{path} is missing: run tests/setup/run {group}")
        return path

    @property
    def debian(self):
        return self._existing("debian-programs", "debian-programs", "usr/sbin/runc").parents[2]

    @property
    def busybox(self):
        return self.debian / "bin" / "busybox"

    def containerd_directory(self, version):
        if version == DEBIAN_CONTAINERD:
            return self.debian / "usr" / "bin"
        return self._existing("go-programs", f"containerd-{version}", "bin")

    def environment(self, version):
        """Where containerd and what it starts find programs and libraries."""
        libraries = ":".join(str(path) for path in sorted(self.debian.glob("lib/*-linux-gnu*")))
        folders = f"{self.containerd_directory(version)}:{self.debian}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": folders, "LD_LIBRARY_PATH": libraries}

    def containerd_with_cri(self, version):
        """Knows the kubelet's settings; the others are built without."""
        return self._existing("cri-programs", f"containerd-{version}-cri", "bin/containerd")

    @property
    def snapshotter(self):
        return self._existing("go-programs", "nydus-snapshotter", "bin/containerd-nydus-grpc")

    @property
    def actionlint(self):
        return self._existing("go-programs", "actionlint", "bin/actionlint")

    @property
    def spdx_tools(self):
        """The folder of Python packages that they are in."""
        return self._existing("python-programs", "spdx-tools", "spdx_tools").parent

    @property
    def go_helper(self):
        return self._existing("go-programs", "nydus-snapshotter", "bin/nydus-overlayfs")

    @property
    def registry(self):
        return self._existing("go-programs", "registry", "bin/registry")

    @property
    def puller(self):
        return self._existing("go-programs", "puller", "bin/puller")

    @property
    def payload_oracle(self):
        return self._existing("go-programs", "payload-oracle", "bin/payload-oracle")

    @property
    def kubernetes_validate(self):
        """The folder for sys.path."""
        return self._existing("python-programs", "kubernetes-validate", "kubernetes_validate").parent

    @property
    def nydusd(self):
        return self._existing("cargo-programs", "nydus", "bin/nydusd")

    @property
    def nydus_image(self):
        return self._existing("cargo-programs", "nydus", "bin/nydus-image")


class InstalledPrograms:
    """The programs of a node whose packages are installed, found as systemd lets its services find them."""

    busybox = Path("/bin/busybox")

    def containerd_directory(self, _version):
        return Path("/usr/bin")

    def environment(self, _version):
        return {"PATH": SYSTEM_PATH}
