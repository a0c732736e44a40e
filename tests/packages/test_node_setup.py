# SPDX-License-Identifier: Apache-2.0
"""The DaemonSet of packaging/node on nodes: its own manifest, its image, run by runc on a node's root."""

import gzip
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from node_lab.archive import LICENCES, version
from node_lab.node import Node
from node_lab.pod import MANIFEST, NODE_SETUP, Pod, build_image, manifest
from package_lab.artefacts import OLDER

pytest_plugins = ["node_lab.fixtures"]

KUBERNETES = ("1.27", "1.29", "1.31", "1.33", "1.35", "1.37")
GO_PLACES = ("usr/local/sbin/nydus-overlayfs", "usr/local/bin/nydus-overlayfs")


@pytest.fixture(scope="session")
def image(archive, programs, tmp_path_factory):
    root = tmp_path_factory.mktemp("image") / "root"
    return root, build_image(archive, programs.busybox, root)


@pytest.fixture(scope="session")
def older_image(older_archive, programs, tmp_path_factory):
    root = tmp_path_factory.mktemp("older-image") / "root"
    return root, build_image(older_archive, programs.busybox, root)


@pytest.fixture
def run_pod(bare_node, programs, image, private_mounts):
    """Runs the init container with changes to the manifest; returns what it said."""

    def run(*changes, image=image, code=0):
        def change(described):
            for one in changes:
                one(described)

        pod = Pod(bare_node, programs.debian / "usr/sbin/runc", *image, change)
        ended, words = pod.initialise()
        assert ended == code, words
        return words

    return run


def uninstalling(described):
    """What README.md has kubectl do."""
    readme = (NODE_SETUP / "README.md").read_text()
    place, value = re.search(r'"path": "(/[^"]*)", "value": \["(\w+)"\]', readme).groups()
    table = described
    *parents, last = [int(key) if key.isdigit() else key for key in place.split("/")[1:]]
    for key in parents:
        table = table[key]
    assert last in table
    table[last] = [value]


def with_prefix(prefix):
    def change(described):
        pod = described["spec"]["template"]["spec"]
        pod["initContainers"][0]["env"][0]["value"] = prefix
        pod["initContainers"][0]["volumeMounts"][1]["mountPath"] = f"/host{prefix}"
        pod["volumes"][1]["hostPath"]["path"] = prefix

    return change


# ---- the manifest


@pytest.fixture
def judge(programs, tmp_path):
    """kubernetes-validate as a program: its packages are newer than Debian's of the same names."""

    def run(described, release):
        path = tmp_path / "manifest.yaml"
        path.write_text(yaml.safe_dump(described))
        command = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", release, path]
        environment = {"PYTHONPATH": str(programs.kubernetes_validate)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("release", KUBERNETES)
def test_manifest_is_valid(judge, release):
    done = judge(manifest(), release)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"against version {release}\n" in done.stdout
    wrong = manifest()
    wrong["spec"]["template"]["spec"]["initContainers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    assert judge(wrong, release).returncode != 0


def manifest_for_arm():
    """What README.md has kubectl apply."""
    readme = (NODE_SETUP / "README.md").read_text()
    [script] = re.findall(r"^sed '(.*arm64.*)' daemonset\.yaml \|$", readme, re.MULTILINE)
    done = subprocess.run(["sed", script, MANIFEST], check=True, stdout=subprocess.PIPE, text=True)
    return yaml.safe_load(done.stdout)


@pytest.mark.parametrize("described,architecture", [(manifest, "amd64"), (manifest_for_arm, "arm64")], ids=["amd64", "arm64"])
def test_nodes_of_another_architecture_are_left_out(judge, described, architecture):
    described = described()
    assert judge(described, KUBERNETES[-1]).returncode == 0
    node_selector = described["spec"]["template"]["spec"]["nodeSelector"]
    assert node_selector == {"kubernetes.io/os": "linux", "kubernetes.io/arch": architecture}


def test_daemonsets_of_two_architectures_do_not_share_pods():
    amd, arm = manifest(), manifest_for_arm()
    assert amd["metadata"]["name"] != arm["metadata"]["name"]
    for described, other in ((amd, arm), (arm, amd)):
        selector = described["spec"]["selector"]["matchLabels"].items()
        assert selector <= described["spec"]["template"]["metadata"]["labels"].items()
        assert not selector <= other["spec"]["template"]["metadata"]["labels"].items()
    assert arm["spec"]["template"]["spec"]["containers"][0]["image"] == "IMAGE"


def test_manifest_asks_for_little():
    pod = manifest()["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    for setting in ("hostPID", "hostNetwork", "hostIPC", "serviceAccountName"):
        assert setting not in pod
    for container in (*pod["initContainers"], *pod["containers"]):
        context = container["securityContext"]
        assert context["privileged"] is False
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
    (waiting,) = pod["containers"]
    assert "volumeMounts" not in waiting
    written = {mount["mountPath"] for mount in pod["initContainers"][0]["volumeMounts"] if not mount.get("readOnly")}
    assert written == {"/host/usr/local"}


def test_image_has_the_licences_of_what_it_brings(image, archive):
    root, _ = image
    for name in ("LICENSE", LICENCES):
        assert (root / "nydus-overlayfs" / Path(name).name).read_bytes() == (archive / name).read_bytes()
    text = gzip.decompress((archive / LICENCES).read_bytes()).decode()
    for package in ("musl-dev", "nlohmann-json3-dev"):
        assert f"==== {package} " in text


# ---- the helper on the node


def test_node_without_a_helper(bare_node, run_pod):
    before = bare_node.picture()
    assert "which is this one" in run_pod()
    assert version() in bare_node.version()
    run_pod(uninstalling)
    assert bare_node.picture() == before


@pytest.mark.parametrize("name", GO_PLACES)
def test_way_there_and_back_from_the_go_helper(bare_node, run_pod, programs, name):
    bare_node.put(name, programs.go_helper)
    before = bare_node.picture()
    run_pod()
    assert version() in bare_node.version()
    assert "keeping what is in place" not in run_pod()
    run_pod(uninstalling)
    assert bare_node.picture() == before
    assert bare_node.found() == str(bare_node.root / name)


def test_beside_the_package(bare_node, archive, run_pod):
    """The package has it in /usr/sbin, which comes later on PATH."""
    shutil.copytree(archive / "sbin", bare_node.root / "usr/sbin", symlinks=True, dirs_exist_ok=True)
    before = bare_node.picture()
    run_pod()
    assert bare_node.found() == str(bare_node.root / "usr/local/sbin/nydus-overlayfs")
    run_pod(uninstalling)
    assert bare_node.picture() == before


def test_upgrade_and_back(bare_node, run_pod, older_image, programs):
    bare_node.put(GO_PLACES[0], programs.go_helper)
    before = bare_node.picture()
    run_pod(image=older_image)
    assert OLDER in bare_node.version()
    run_pod()
    assert version() in bare_node.version()
    run_pod(image=older_image)
    assert OLDER in bare_node.version()
    run_pod(uninstalling)
    assert bare_node.picture() == before


def test_read_only_usr_local(bare_node, run_pod, mount):
    """Another prefix is written all the same; the helper there must be named in the snapshotter's configuration."""
    place = bare_node.root / "usr/local"
    mount("--bind", place, place)
    subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
    before = bare_node.picture()
    assert "nothing changed" in run_pod(code=1)
    assert bare_node.picture() == before
    assert 'nydus_overlayfs_path = "/opt/nydus/sbin/nydus-overlayfs"' in run_pod(with_prefix("/opt/nydus"))
    helper = bare_node.root / "opt/nydus/sbin/nydus-overlayfs"
    assert version() in subprocess.run([helper, "--version"], capture_output=True, text=True, check=True).stdout
    run_pod(with_prefix("/opt/nydus"), uninstalling)


def test_full_node(place, archive, image, programs, mount):
    root = place / "small"
    root.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m,mode=755", "tmpfs", root)
    node = Node(root, archive)
    node.put(GO_PLACES[0], programs.busybox)
    (root / "ballast").write_bytes(bytes(20 << 10))
    with open(root / "usr/rest", "wb", buffering=0) as rest:
        try:
            while rest.write(bytes(4096)):
                pass
        except OSError:
            pass
    (root / "ballast").unlink()
    before = node.picture()
    code, words = Pod(node, programs.debian / "usr/sbin/runc", *image).initialise()
    assert code == 1
    assert "No space left on device" in words
    assert "nothing changed" in words
    assert node.picture() == before


def test_helper_of_another_owner(bare_node, run_pod, programs):
    """Without privileges it is kept as a copy that belongs to root."""
    helper = bare_node.put(GO_PLACES[0], programs.go_helper)
    content = helper.read_bytes()
    shutil.chown(helper, 1001, 1001)
    run_pod()
    assert version() in bare_node.version()
    run_pod(uninstalling)
    assert helper.read_bytes() == content
    assert helper.stat().st_uid == 0


def test_unreadable_helper_of_another_owner(bare_node, run_pod):
    """Without privileges it cannot be kept, so it stays where it is."""
    helper = bare_node.put(GO_PLACES[0], "of another owner\n")
    shutil.chown(helper, 1001, 1001)
    helper.chmod(0o700)
    before = bare_node.picture()
    assert "nothing changed" in run_pod(code=1)
    assert bare_node.picture() == before


def test_waits_and_ends_at_once(bare_node, programs, image, private_mounts):
    pod = Pod(bare_node, programs.debian / "usr/sbin/runc", *image)
    (container,) = pod.description["containers"]
    with pod.start(container, "wait") as process:
        pod.wait_until_it_can_be_ended("wait", process)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=pod.description["terminationGracePeriodSeconds"])
    assert process.returncode == 0


# ---- while containers start


class Mounts:
    """mount.fuse calls the node's helper, over and over, as containerd does."""

    def __init__(self, node, debian, environment):
        self._node, self._debian, self._environment = node, debian, environment
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.count, self.failures = 0, []

    def _run(self):
        target = self._node.root.parent / "target"
        layers = [self._node.root.parent / f"layer-{number}" for number in (0, 1)]
        for path in (target, *layers):
            path.mkdir()
        path = ":".join(f"{self._node.root}/usr/local/{name}" for name in ("sbin", "bin"))
        options = f"lowerdir={layers[0]}:{layers[1]}"
        command = [self._debian / "sbin/mount.fuse", "overlay", target, "-o", options, "-t", "nydus-overlayfs"]
        while not self._stop.is_set():
            mounted = self._succeeds(command, env={**self._environment, "PATH": path})
            if mounted and not target.is_mount():
                self.failures.append("it says that it has mounted, and has not")
            elif mounted:
                self._succeeds(["umount", target])
            self.count += 1

    def _succeeds(self, command, env=None):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.failures.append((done.returncode, done.stderr))
        return done.returncode == 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *failure):
        if not self._thread.is_alive():
            self.failures.append("the mounting ended by itself")
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("name", GO_PLACES)
def test_no_mount_fails_during_the_switch(bare_node, run_pod, older_image, programs, name):
    bare_node.put(name, programs.go_helper)
    with Mounts(bare_node, programs.debian, programs.environment("1.6")) as mounts:
        for _ in range(6):
            run_pod(image=older_image)
            run_pod()
            run_pod(uninstalling)
        time.sleep(0.1)
    print(f"{mounts.count} mounts")
    assert mounts.failures == []
    assert mounts.count > 50
