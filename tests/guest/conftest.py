# SPDX-License-Identifier: Apache-2.0
"""One boot per kernel runs every case with every helper; the tests read what it reported."""

import os
import pathlib
import subprocess

import initramfs
import machine
import pytest

HERE = pathlib.Path(__file__).parent
KERNELS = ("6.1", "6.12")
SCRIPTS = ("short", "long", "refused")


def unavailable(reason):
    if "guest" in os.environ.get("NYDUS_REQUIRE", "").split(","):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def static_helpers():
    """{name: path} of NYDUS_HELPERS=name=path,...; a guest has no shared library for any other kind."""
    pairs = (pair.partition("=") for pair in os.environ.get("NYDUS_HELPERS", "").split(",") if pair)
    return {name: pathlib.Path(path) for name, _, path in pairs if name in ("musl", "static")}


def pytest_generate_tests(metafunc):
    if "kernel" in metafunc.fixturenames:
        metafunc.parametrize("kernel", KERNELS, scope="session")
    if "helper" in metafunc.fixturenames:
        metafunc.parametrize("helper", list(static_helpers()) or ["none"], scope="session")


@pytest.fixture(scope="session")
def downloads():
    fetched = subprocess.run([HERE / "fetch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if fetched.returncode:
        unavailable(fetched.stderr.strip().splitlines()[-1])
    return dict(line.split("=", 1) for line in fetched.stdout.splitlines())


def guest_script(helpers):
    parts = [f"run() {{\n{(HERE / 'cases/library.sh').read_text()}"]
    parts += [(HERE / f"cases/{name}.sh").read_text() for name in SCRIPTS]
    parts.append("}\n")
    # Shared, as on a real host, so that a mount which must be private shows it.
    parts.append("mkdir /cases && mount -t tmpfs tmpfs /cases && mount --make-rshared /\n")
    for name in helpers:
        parts.append(f"cp /helpers/{name} /sbin/mount.fuse.nydus-overlayfs\nhelper={name}\nrun\n")
    parts.append("exit 0\n")
    return "".join(parts)


@pytest.fixture(scope="session")
def boots(downloads, tmp_path_factory):
    """A function from a kernel to the report of its only boot."""
    helpers = static_helpers()
    finished = {}

    def boot(kernel):
        if kernel not in finished:
            folder = tmp_path_factory.mktemp(f"guest-{kernel}-")
            kernel_folder = pathlib.Path(downloads[f"kernel-{kernel}"])
            files = {f"/helpers/{name}": path for name, path in helpers.items()}
            image = initramfs.build(
                kernel_folder, pathlib.Path(downloads["busybox"]), guest_script(helpers), files=files
            )
            (folder / "initramfs").write_bytes(image)
            vmlinuz = next(kernel_folder.glob("boot/vmlinuz-*"))
            finished[kernel] = machine.boot(vmlinuz, folder / "initramfs", folder / "console.log")
        return finished[kernel]

    return boot


@pytest.fixture
def report(boots, kernel, helper):
    """A function from a case's name to its facts."""
    for name, path in static_helpers().items():
        if not path.is_file():
            unavailable(f"the {name} helper is missing: {path}")
    if helper == "none":
        unavailable("NYDUS_HELPERS names no static mount helper")
    boot = boots(kernel)
    tail = "\n".join(boot.output.splitlines()[-15:])
    assert boot.release.startswith(f"{kernel}."), f"the guest did not start:\n{tail}"
    assert boot.exit_code == 0, f"the guest's script did not end:\n{tail}"

    def facts(name):
        assert f"{helper}/{name}" in boot.cases, f"the guest reported no case {name}:\n{tail}"
        return Facts(boot.cases[f"{helper}/{name}"])

    return facts


class Facts(dict):
    """What one case reported: key -> list of values; facts.key is the only value."""

    def __getattr__(self, key):
        values = self[key.replace("_", "-")]
        assert len(values) == 1, f"{key}: {values}"
        return values[0]

    def mount(self, prefix=""):
        return Mount(self[f"{prefix}mountinfo"][0])

    def succeeded(self, prefix=""):
        assert self[f"{prefix}rc"] == ["0"], dict(self)
        assert f"{prefix}error" not in self, dict(self)
        assert f"{prefix}output" not in self, dict(self)
        assert self[f"{prefix}mounts"] == ["1"], dict(self)
        return self

    def failed(self, exit_code, prefix=""):
        """Returns the one line that explains the failure."""
        assert self[f"{prefix}rc"] == [str(exit_code)], dict(self)
        assert self[f"{prefix}mounts"] == ["0"], dict(self)
        assert f"{prefix}output" not in self, dict(self)
        (line,) = self[f"{prefix}error"]
        assert line.startswith("mount.fuse.nydus-overlayfs: "), line
        return line


class Mount:
    """One line of mountinfo."""

    def __init__(self, line):
        mount_part, _, file_system_part = line.partition(" - ")
        fields = mount_part.split(" ")
        self.line = line
        self.root, self.point = fields[3], fields[4]
        self.attributes = set(fields[5].split(","))
        self.tags = fields[6:]
        self.type, self.source, super_options = file_system_part.split(" ", 2)
        self.options = super_options.split(",")

    def option(self, name):
        """The only value of a super-block option. The kernel writes special bytes of paths as octal escapes."""
        (value,) = self.all_options(name)
        return value

    def all_options(self, name):
        return [word.split("=", 1)[1] for word in self.options if word.split("=", 1)[0] == name]
