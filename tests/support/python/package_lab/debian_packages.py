# SPDX-License-Identifier: Apache-2.0
"""Our Debian packages, and what users do with them: apt and dpkg on a fresh machine."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from package_lab.artefacts import artefact
from package_lab.installed import FOLDER, HELPER_PACKAGE, TOOL_PACKAGE, Machine

SOURCES_LIST = "/etc/apt/sources.list.d/ours.list"
ONLY_OURS = (
    "-oDir::Etc::sourcelist=sources.list.d/ours.list",
    "-oDir::Etc::sourceparts=-",
    "-oAPT::Get::List-Cleanup=0",
)

# What apt, dpkg, debconf and ldconfig remember.
STATE = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/etc/ld.so.cache", FOLDER)

# Says of each package that it is installed, and then what is wrong. .dpkg-* are left by a dpkg that was stopped.
WHOLE = """
dpkg-query -W -f='${{db:Status-Status}} ${{Package}}\\n' {packages} | sort
dpkg --verify {packages}
dpkg --audit
find /usr /etc -name '*.dpkg-*'"""


@dataclass(frozen=True)
class DebianPackages:
    """The two packages of one version."""

    helper: Path
    tool: Path

    @property
    def both(self):
        return (self.helper, self.tool)

    @property
    def version(self):
        return self.helper.name.split("_")[1]


def packages_of(release, older=False):
    names = (HELPER_PACKAGE, TOOL_PACKAGE)
    return DebianPackages(*(artefact(release, f"{name}_", ".deb", older) for name in names))


def small_package(folder, name, files):
    """Makes a package that holds `files`, a dictionary of installed path and source."""
    tree = Path(folder) / name
    for inside, source in files.items():
        target = tree / inside.lstrip("/")
        target.parent.mkdir(parents=True)
        target.write_bytes(Path(source).read_bytes())
        target.chmod(0o755)
    control = tree / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@invalid>\n"
        "Description: stands for another package in a test\n"
    )
    package = Path(folder) / f"{name}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def index_entry(package):
    """What a mirror says of a package."""
    control = subprocess.run(["dpkg-deb", "--field", package], check=True, capture_output=True, text=True).stdout
    content = package.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{control}Filename: ./{package.name}\nSize: {len(content)}\nSHA256: {digest}\n"


class DebianMachine(Machine):
    """apt and dpkg on a fresh root."""

    def offer(self, packages):
        """Makes packages known to apt by name, as a mirror would."""
        self.put(packages)
        self.root.path(f"{FOLDER}/Packages").write_text("\n".join(map(index_entry, packages)))
        self.root.path(SOURCES_LIST).write_text(f"deb [trusted=yes] file:{FOLDER} ./\n")
        self.run(["apt-get", "-q", *ONLY_OURS, "update"])

    def apt(self, verb, *words, **settings):
        return self.run(["apt-get", "-q", "-y", "-oDpkg::Use-Pty=0", verb, *words], **settings)

    def would_install(self, *words):
        """The names of all packages that apt would install with these."""
        lines = self.apt("install", "--simulate", *words).stdout.splitlines()
        return {line.split()[1] for line in lines if line.startswith("Inst ")}

    def install(self, *packages, flags=(), **settings):
        """What users do: apt install ./FILE..."""
        return self.apt("install", *flags, *self.put(packages), **settings)

    def dpkg_command(self, *words):
        """dpkg alone, for those who look at it from outside."""
        return self.root.command(["dpkg", "--force-confold", *words])

    def repair(self, packages):
        """What a user does after a crash: first what dpkg can by itself, then the installation once more."""
        self.run(["dpkg", "--configure", "-a"], check=False)
        self.install(*packages, flags=["--fix-broken", "--reinstall"])

    def status(self, package):
        """`installed 0.1.0-1`, `config-files 0.1.0-1`, or "" for one that was never there."""
        form = "${db:Status-Status} ${Version}"
        return self.run(["dpkg-query", "-W", f"-f={form}", package], check=False).stdout

    def is_installed(self, package):
        return self.status(package).startswith("installed ")

    def assert_whole(self, *packages):
        """All files are as they were packed, dpkg is content, and nothing half done lies about."""
        names = " ".join(packages)
        done = self.run(["/bin/sh", "-c", WHOLE.format(packages=names)], check=False)
        assert done.stdout == "".join(f"installed {name}\n" for name in sorted(packages)), done.stdout + done.stderr

    def files(self):
        """All that is on the machine, save for what apt and dpkg remember: path, and what it is."""
        pruned = " -o ".join(f"-path {path}" for path in STATE).split()
        command = ["find", "/", "-xdev", "(", *pruned, ")", "-prune", "-o"]
        # Of a directory neither size nor time are its own; a configuration file has the time of its installation.
        command += ["-type", "f", "-path", "/usr/*", "-printf", r"%p\t%y %m %U:%G %s %T@\n", "-o"]
        command += ["-type", "f", "-printf", r"%p\t%y %m %U:%G %s\n", "-o", "-printf", r"%p\t%y %m %U:%G %l\n"]
        return dict(line.split("\t", 1) for line in self.run(command).stdout.splitlines())
