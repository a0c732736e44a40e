# SPDX-License-Identifier: Apache-2.0
"""nydus-overlayctl doctor on a good node and on broken ones, each made in a mount namespace of its own."""

import errno
import shutil
import subprocess
from pathlib import Path

import pytest
from mount_lab.records import table
from mount_lab.requirements import need_program
from mount_lab.seccomp import refuse
from nydus_stack import configuration
from nydus_stack.doctor import BROKEN, GOOD, examine, examine_changed_node
from nydus_stack.private_namespace import installed_helper

DIRECTORY = Path("/run/doctor")


@pytest.fixture(scope="module")
def node(root, first_helper, tool):
    """A node with the helper and mount.fuse installed; a function that changes it and lets doctor look."""
    DIRECTORY.mkdir()
    # Others than root must reach it, wherever it was built.
    program = shutil.copy(tool, DIRECTORY / "nydus-overlayctl")
    with installed_helper(first_helper.path, DIRECTORY / "sbin", need_program("debian")):
        yield lambda change="", *flags, **settings: examine_changed_node(program, change, *flags, **settings)
    shutil.rmtree(DIRECTORY)


def in_etc(files):
    """A script that replaces /etc by these files."""
    lines = ["mount -t tmpfs tmpfs /etc"]
    for name, text in files.items():
        path = DIRECTORY / name.replace("/", "-")
        path.write_text(text)
        lines.append(f"install -D -m 0644 {path} /etc/{name}")
    return "\n".join(lines)


def both_configurations(options=configuration.Snapshotter(), replace=("", "")):
    """The configurations of the real stack, with one text replaced in the snapshotter's."""
    snapshotter = configuration.nydus_snapshotter(DIRECTORY, "/bin/true", options)
    assert replace[0] in snapshotter
    (DIRECTORY / "nydusd").write_text("#!/bin/sh\n")
    (DIRECTORY / "nydusd").chmod(0o755)
    (DIRECTORY / "nydusd.json").write_text(configuration.nydusd(DIRECTORY, options))
    return {
        "containerd/config.toml": configuration.containerd(DIRECTORY, False),
        "nydus/config.toml": snapshotter.replace(*replace),
    }


LISTEN = f"""/usr/bin/python3 -c 'import socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("{DIRECTORY}/snapshotter.sock")
server.listen()
time.sleep(1000)' >/dev/null 2>&1 &
while ! [ -S {DIRECTORY}/snapshotter.sock ]; do sleep 0.02; done"""


@pytest.fixture(autouse=True)
def no_old_socket():
    yield
    (DIRECTORY / "snapshotter.sock").unlink(missing_ok=True)


def assert_finds(report, status, name, severity):
    assert report.status == status, report.text()
    assert report.severities(name) == {severity}, report.text()


def test_good_node(node):
    before = table()
    report = node(f"{in_etc(both_configurations())}\n{LISTEN}")
    assert report.status == GOOD, report.text()
    for name in ("mount-fuse", "helper", "mount8-helper", "overlay-mount", "fuse-device", "snapshotter-socket"):
        assert report.severities(name) == {"ok"}, report.text()
    assert not report.named("not-checked")
    assert table() == before


def test_go_helper_in_usr_local(node):
    go_helper = need_program("go_helper")
    report = node(f"mount -t tmpfs tmpfs /usr/local/bin\ncp {go_helper} /usr/local/bin/nydus-overlayfs")
    assert_finds(report, BROKEN, "helper-shadowed", "error")
    (finding,) = report.named("helper-shadowed")
    assert "github.com/containerd/nydus-snapshotter/cmd/nydus-overlayfs v0.16.1" in finding["what"]
    assert "remove '/usr/local/bin/nydus-overlayfs'" in finding["remedy"]


def test_go_helper_alone(node):
    go_helper = need_program("go_helper")
    report = node(
        f"cp /usr/sbin/mount.fuse3 {DIRECTORY}/\nmount -t tmpfs tmpfs /usr/sbin\n"
        f"cp {DIRECTORY}/mount.fuse3 /usr/sbin/mount.fuse\ncp {go_helper} /usr/sbin/nydus-overlayfs"
    )
    assert_finds(report, BROKEN, "helper-go", "error")
    assert_finds(report, BROKEN, "mount8-helper-missing", "warning")


def test_nothing_installed(node):
    report = node("mount -t tmpfs tmpfs /usr/sbin")
    assert_finds(report, BROKEN, "mount-fuse-missing", "error")
    assert_finds(report, BROKEN, "helper-missing", "error")


def test_programs_on_a_noexec_mount(node):
    report = node("mount --bind /usr/sbin /usr/sbin\nmount -o remount,bind,noexec /usr/sbin")
    assert_finds(report, BROKEN, "helper-missing", "error")
    assert "is mounted noexec" in report.text()


def test_what_cannot_run_in_front_of_the_helper(node):
    report = node(
        "mount -t tmpfs tmpfs /usr/local/bin\nln -s gone /usr/local/bin/nydus-overlayfs\n"
        "mount -t tmpfs tmpfs /usr/local/sbin\necho >/usr/local/sbin/nydus-overlayfs"
    )
    assert_finds(report, GOOD, "program-unusable", "warning")
    assert len(report.named("program-unusable")) == 2


def test_helper_that_others_can_write(node, first_helper):
    report = node(
        "mount -t tmpfs tmpfs /usr/local/bin\n"
        f"install -m 0757 {first_helper.path} /usr/local/bin/nydus-overlayfs"
    )
    assert_finds(report, GOOD, "program-writable", "warning")
    assert_finds(report, GOOD, "helper", "ok")


def test_no_fuse_device(node):
    assert_finds(node("mount -t tmpfs tmpfs /dev"), BROKEN, "fuse-device-missing", "error")


def test_another_device_in_place_of_fuse(node):
    report = node("mount -t tmpfs tmpfs /dev\nmknod /dev/fuse c 1 3")
    assert_finds(report, BROKEN, "fuse-device-wrong", "error")


def test_fuse_device_on_a_nodev_mount(node):
    report = node("mount -t tmpfs -o nodev tmpfs /dev\nmknod /dev/fuse c 10 229")
    assert_finds(report, BROKEN, "fuse-device-refused", "error")


@pytest.mark.parametrize("error", (errno.ENOSYS, errno.EPERM), ids=errno.errorcode.get)
def test_new_mount_interface_refused(node, error):
    report = node(preexec_fn=refuse(["fsopen"], error))
    assert_finds(report, GOOD, "kernel-layers-one-by-one", "warning")
    report = node(preexec_fn=refuse(["move_mount"], error))
    assert_finds(report, GOOD, "kernel-mount-interface", "warning")


def test_every_new_call_refused(node):
    calls = ["fsopen", "fsconfig", "fsmount", "move_mount", "openat2", "mount_setattr", "close_range"]
    report = node(preexec_fn=refuse(calls, errno.ENOSYS))
    assert_finds(report, GOOD, "overlay-mount", "ok")
    assert_finds(report, GOOD, "kernel-openat2", "note")
    assert_finds(report, GOOD, "kernel-mount-setattr", "note")


def test_mount_refused(tool, root):
    """The filter comes before doctor, so no namespace can be prepared with mount(2)."""
    report = examine(tool, preexec_fn=refuse(["mount"], errno.EPERM))
    assert report.severities("overlay-mount-refused") == {"error"}
    assert report.status == BROKEN


@pytest.mark.parametrize(
    ("text", "name", "severity"),
    (
        ("ignore\n", "payload-policy-ignore", "warning"),
        ("strict\n", "payload-policy-void", "warning"),
    ),
)
def test_payload_policy(node, text, name, severity):
    assert_finds(node(in_etc({"nydus-overlayfs/payload-policy": text})), GOOD, name, severity)


SNAPSHOTTER_SETTINGS = (
    ('nydus_overlayfs_path = "nydus-overlayfs"', 'nydus_overlayfs_path = "/usr/sbin/nydus-overlayfs"', "helper-path-slash"),
    ("enable_kata_volume = false", "enable_kata_volume = true", "kata-volume-wins"),
    ('daemon_mode = "dedicated"', 'daemon_mode = "none"', "daemon-mode-none"),
)
BROKEN_SETTINGS = (
    ('fs_driver = "fusedev"', 'fs_driver = "nodev"', "fs-driver-nodev"),
    ('fs_driver = "fusedev"', 'fs_driver = "fscache"', "fs-driver-fscache"),
    ('fs_driver = "fusedev"', 'fs_driver = "proxy"', "proxy-without-kata-volume"),
    ("version = 1", "version = 2", "snapshotter-configuration-version"),
    ("version = 1", "version", "snapshotter-configuration-invalid"),
    ("/nydusd.json", "/absent.json", "nydusd-configuration-missing"),
    ('/nydusd"', '/absent"', "nydusd-missing"),
    ("/snapshotter.sock", "/other.sock", "snapshotter-address-differs"),
    ('nydus_overlayfs_path = "nydus-overlayfs"', 'nydus_overlayfs_path = "/opt/absent"', "helper-missing"),
)


@pytest.mark.parametrize(("old", "new", "name"), SNAPSHOTTER_SETTINGS, ids=[row[2] for row in SNAPSHOTTER_SETTINGS])
def test_doubtful_settings_of_the_snapshotter(node, old, new, name):
    report = node(f"{in_etc(both_configurations(replace=(old, new)))}\n{LISTEN}")
    assert_finds(report, GOOD, name, "warning")


@pytest.mark.parametrize(("old", "new", "name"), BROKEN_SETTINGS, ids=[row[2] for row in BROKEN_SETTINGS])
def test_broken_settings_of_the_snapshotter(node, old, new, name):
    report = node(f"{in_etc(both_configurations(replace=(old, new)))}\n{LISTEN}")
    assert_finds(report, BROKEN, name, "error")


def test_volatile_with_the_go_helper(node):
    files = both_configurations(configuration.Snapshotter(volatile=True))
    change = f"{in_etc(files)}\n{LISTEN}"
    assert node(change).status == GOOD
    go_helper = need_program("go_helper")
    report = node(f"{change}\nmount -t tmpfs tmpfs /usr/local/bin\ncp {go_helper} /usr/local/bin/nydus-overlayfs")
    assert_finds(report, BROKEN, "volatile-go-helper", "error")


def test_snapshotter_is_not_running(node):
    files = both_configurations()
    assert_finds(node(in_etc(files)), BROKEN, "snapshotter-socket-missing", "error")
    bind = f"""python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("{DIRECTORY}/snapshotter.sock")'"""
    assert_finds(node(f"{in_etc(files)}\n{bind}"), BROKEN, "snapshotter-socket-dead", "error")


def test_containerd_does_not_know_the_snapshotter(node):
    files = both_configurations() | {"containerd/config.toml": "version = 2\n"}
    assert_finds(node(in_etc(files)), BROKEN, "proxy-plugin-missing", "error")
    files["containerd/config.toml"] = "version = \n"
    assert_finds(node(in_etc(files)), BROKEN, "containerd-configuration-invalid", "error")


CRI = """version = 3
[proxy_plugins.nydus]
  type = "snapshot"
  address = "{directory}/snapshotter.sock"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "{snapshotter}"
  disable_snapshot_annotations = {disabled}
"""


@pytest.mark.parametrize(
    ("snapshotter", "disabled", "status", "name", "severity"),
    (
        ("nydus", "false", GOOD, "cri", "ok"),
        ("nydus", "true", BROKEN, "snapshot-annotations-disabled", "error"),
        ("overlayfs", "true", GOOD, "snapshotter-not-selected", "warning"),
    ),
)
def test_cri(node, snapshotter, disabled, status, name, severity):
    cri = CRI.format(directory=DIRECTORY, snapshotter=snapshotter, disabled=disabled)
    report = node(f"{in_etc(both_configurations() | {'containerd/config.toml': cri})}\n{LISTEN}")
    assert_finds(report, status, name, severity)


def test_named_configurations(node):
    files = both_configurations(replace=('fs_driver = "fusedev"', 'fs_driver = "nodev"'))
    for name, text in files.items():
        (DIRECTORY / name.replace("/", "-")).write_text(text)
    flags = (f"--containerd-config={DIRECTORY}/containerd-config.toml", "--snapshotter-config")
    report = node(LISTEN, *flags, DIRECTORY / "nydus-config.toml")
    assert_finds(report, BROKEN, "fs-driver-nodev", "error")
    assert_finds(report, BROKEN, "snapshotter-socket", "ok")


def test_secrets_of_configurations_are_never_shown(node):
    files = both_configurations()
    secret = "hunter2"
    for name in files:
        files[name] += f'\n[registry]\nauth = "{secret}"\n'
    assert secret not in node(f"{in_etc(files)}\n{LISTEN}").text()
    for name in files:
        files[name] = f"auth = {secret}\n" + files[name]
    report = node(in_etc(files))
    assert_finds(report, BROKEN, "containerd-configuration-invalid", "error")
    assert secret not in report.text()


def test_mount_for_a_moment_that_stayed(node):
    mount = "mkdir -p /tmp/containerd-mount77\nmount -t overlay overlay -o lowerdir=/usr:/etc /tmp/containerd-mount77"
    report = node(f"mount -t tmpfs tmpfs /tmp\n{mount}")
    assert_finds(report, GOOD, "leftover-mount", "warning")


def test_ordinary_user(node):
    files = in_etc(both_configurations())
    script = f"{files}\nchmod 0600 /etc/nydus/config.toml"
    report = node(f"{script}\n{LISTEN}\nexec setpriv --reuid 65534 --regid 65534 --clear-groups "
                  f"{DIRECTORY}/nydus-overlayctl doctor --json")  # fmt: skip
    assert report.severities("not-checked") == {"note"}
    assert "/etc/nydus/config.toml: Permission denied" in report.text()
    assert report.severities("overlay-mount") | report.severities("not-checked") <= {"ok", "note"}


def test_text_for_people(tool):
    done = subprocess.run([tool, "doctor"], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    assert lines[-1].startswith(("Found what keeps", "Nothing found that keeps"))
    assert any("overlay-mount" in line for line in lines)


def test_command_line(tool):
    for words in (["operand"], ["--containerd-config=relative"], ["--nonsense"]):
        done = subprocess.run([tool, "doctor", *words], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
