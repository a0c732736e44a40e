# SPDX-License-Identifier: Apache-2.0
"""Our RPM packages, and rpm at work on a fresh root.

No distribution of RPM packages is at hand, so the root is Debian's. What such a distribution would have is told to rpm
by packages without files: what the root's libraries provide, and /usr/sbin/mount.fuse.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from binary_lab import output_of
from package_lab.artefacts import TREE, artefact
from package_lab.installed import FOLDER, HELPER_PACKAGE, TOOL_PACKAGE, Machine

MOUNT_FUSE = "/usr/sbin/mount.fuse"

SPEC = TREE / "packaging" / "rpm" / "nydus-overlayfs.spec"
RPMLINT_CONFIGURATION = TREE / "packaging" / "rpm" / "rpmlint.toml"

PROGRAM, CONFIGURATION_OF_RPM = "/usr/bin/rpm", Path("/usr/lib/rpm")
# On the machine: rpm itself, and its books, which Debian's keeps in the user's home.
PLACE, DATABASE = "/opt/rpm", "/var/lib/rpm"
ELFDEPS = "/usr/lib/rpm/elfdeps"
# What packages of glibc say by hand: the loader understands hash tables of GNU's kind.
BY_HAND = {"rtld(GNU_HASH)"}
LIBRARIES = "usr/lib/x86_64-linux-gnu"


@dataclass(frozen=True)
class RpmPackages:
    """The packages of one version."""

    helper: Path
    tool: Path
    source: Path

    @property
    def both(self):
        return (self.helper, self.tool)


def packages_of(older=False):
    helper = artefact("rpm", f"{HELPER_PACKAGE}-", ".x86_64.rpm", older)
    tool = artefact("rpm", f"{TOOL_PACKAGE}-", ".x86_64.rpm", older)
    return RpmPackages(helper, tool, artefact("rpm", f"{HELPER_PACKAGE}-", ".src.rpm", older))


def query(package, form, *words):
    """What the header of a package file says, a line for each entry."""
    # rpm makes a database even to look at a file, Debian's in the home of whoever asks.
    with tempfile.TemporaryDirectory() as database:
        command = ["rpm", "--dbpath", database, "-qp", *words, *(["--qf", form] if form else []), package]
        return output_of(*command).splitlines()


def package_without_files(folder, name, provides):
    """Makes a package that only says that it provides something."""
    lines = [f"Name: {name}", "Version: 1", "Release: 1", "Summary: For a test", "License: none", "BuildArch: noarch"]
    lines += [f"Provides: {entry}" for entry in sorted(provides)]
    spec = Path(folder) / f"{name}.spec"
    spec.write_text("\n".join([*lines, "%description", "For a test.", "%files", ""]))
    subprocess.run(
        ["rpmbuild", "-bb", "--quiet", "--nodeps", "--define", f"_topdir {folder}", spec],
        check=True,
        capture_output=True,
    )
    return Path(folder) / "RPMS" / "noarch" / f"{name}-1-1.noarch.rpm"


def provided_by_libraries(root):
    """What rpm would say that the shared libraries of a root provide."""
    libraries = [path for path in (Path(root) / LIBRARIES).glob("*.so*") if path.is_file() and not path.is_symlink()]
    names = "".join(f"{path}\n" for path in libraries)
    found = subprocess.run(
        [ELFDEPS, "--provides"], input=names, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return set(found.split("\n")) - {""} | BY_HAND


class RpmMachine(Machine):
    """rpm on a fresh root: this machine's, with its libraries, because from outside it does not find into the root.

    rpm resolves the links of what `--root` names, and /proc/PID/root looks to it like the root of the machine it runs on.
    """

    def __init__(self, root):
        super().__init__(root)
        for line in output_of("ldd", PROGRAM).splitlines():
            if " => /" in line:
                root.copy_in(line.split()[2], f"{PLACE}/lib/{line.split()[0]}")
        root.copy_in(PROGRAM, f"{PLACE}/rpm")
        for pattern in ("macros", "rpmrc", "platform", "rpmpopt-*"):
            for path in CONFIGURATION_OF_RPM.glob(pattern):
                root.copy_in(path, f"{PLACE}/config/{path.name}")

    def rpm(self, *words, check=True):
        places = {"LD_LIBRARY_PATH": f"{PLACE}/lib", "RPM_CONFIGDIR": f"{PLACE}/config"}
        return self.run([f"{PLACE}/rpm", "--dbpath", DATABASE, *words], check=check, env=places)

    def install(self, *packages, **settings):
        """Installs or upgrades."""
        return self.rpm("-U", *self.put(packages), **settings)

    def erase(self, *names):
        return self.rpm("-e", *names)

    def installed(self):
        return set(self.rpm("-qa", "--qf", "%{name} %{version}\n").stdout.splitlines())

    def assert_whole(self, *names):
        """All files are as they were packed."""
        changed = self.rpm("-V", *names, check=False)
        assert (changed.returncode, changed.stdout) == (0, ""), changed.stdout

    def files(self):
        """All that is on the machine, save for rpm's books and the packages: path, and what it is."""
        pruned = " -o ".join(f"-path {path}" for path in (DATABASE, FOLDER, PLACE)).split()
        command = ["find", "/", "-xdev", "(", *pruned, ")", "-prune", "-o"]
        command += ["-type", "f", "-printf", r"%p\t%y %m %U:%G %s\n", "-o", "-printf", r"%p\t%y %m %U:%G %l\n"]
        return dict(line.split("\t", 1) for line in self.run(command).stdout.splitlines())
