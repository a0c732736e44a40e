# SPDX-License-Identifier: Apache-2.0
"""A DaemonSet's pod on a node: its own manifest and image, carried out by runc."""

import contextlib
import copy
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import yaml
from nydus_stack.programs import SYSTEM_PATH

NODE_SETUP = Path(__file__).resolve().parents[4] / "packaging" / "node"
MANIFEST = NODE_SETUP / "daemonset.yaml"
START_SECONDS = 20


def manifest():
    return yaml.safe_load(MANIFEST.read_text())


def instructions(containerfile):
    """The lines of a Containerfile as words, without comments."""
    for line in containerfile.read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def install_busybox(busybox, root):
    """In /bin of the root."""
    shutil.copy(busybox, root / "bin" / "busybox")
    subprocess.run(["chroot", root, "/bin/busybox", "--install", "-s", "/bin"], check=True)


def build_image(context, busybox, root):
    """Carries out a Containerfile on a root of busybox. Returns the command that it names."""
    (root / "bin").mkdir(parents=True)
    install_busybox(busybox, root)
    command = []
    for instruction, *words in instructions(context / "share/nydus-overlayfs/node/Containerfile"):
        if instruction == "COPY":
            copy_into(context, words[:-1], root, words[-1])
        elif instruction == "ENTRYPOINT":
            command = json.loads(" ".join(words))
        elif instruction not in ("ARG", "CMD", "FROM"):
            raise NotImplementedError(f"{instruction} of the Containerfile")
    return command


def copy_into(context, sources, root, target):
    """A folder's content goes into the target, as in a Containerfile."""
    destination = root / target.lstrip("/")
    destination.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if (context / source).is_dir():
            shutil.copytree(context / source, destination, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(context / source, destination)


def bundle_of(pod, container, image, command, node_root):
    """runc's description of a container of a pod."""
    context = container["securityContext"]
    assert not context["privileged"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    paths = {volume["name"]: volume["hostPath"] for volume in pod["volumes"]}
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
    ]
    # As the kubelet does it: outer mount points first.
    for mount in sorted(container.get("volumeMounts", []), key=lambda mount: mount["mountPath"]):
        source = node_root / paths[mount["name"]]["path"].lstrip("/")
        if paths[mount["name"]]["type"] == "DirectoryOrCreate":
            source.mkdir(parents=True, exist_ok=True)
        options = ["bind", "rprivate", "ro" if mount.get("readOnly") else "rw"]
        mounts.append({"destination": mount["mountPath"], "type": "bind", "source": str(source), "options": options})
    environment = [f"PATH={SYSTEM_PATH}", *(f"{entry['name']}={entry['value']}" for entry in container.get("env", []))]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": context["runAsUser"], "gid": context["runAsGroup"]},
            "args": [*command, *container["args"]],
            "env": environment,
            "cwd": "/",
            "capabilities": {kind: [] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")},
            "noNewPrivileges": not context["allowPrivilegeEscalation"],
        },
        "root": {"path": str(image), "readonly": context["readOnlyRootFilesystem"]},
        "mounts": mounts,
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")]},
    }


class Pod:
    """The DaemonSet on one node. `change` is applied to the manifest before."""

    def __init__(self, node, runc, image, command, change=lambda manifest: None):
        described = copy.deepcopy(manifest())
        change(described)
        self.description = described["spec"]["template"]["spec"]
        self.node = node
        self._runc, self._image, self._command = runc, image, command

    def _place(self, name):
        return self.node.root.parent / f"container-{name}"

    def _runc_command(self, name, *words):
        """Containers of tests that run at once have one name space, that of control groups."""
        return [self._runc, "--root", self._place(name) / "state", *words, f"nydus-test-{name}-{os.getpid()}"]

    @contextlib.contextmanager
    def start(self, container, name):
        """runc with a container in the foreground; nothing of it is left afterwards."""
        place = self._place(name)
        place.mkdir(exist_ok=True)
        bundle = bundle_of(self.description, container, self._image, self._command, self.node.root)
        (place / "config.json").write_text(json.dumps(bundle))
        with subprocess.Popen(
            self._runc_command(name, "run", "--bundle", place),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                subprocess.run(self._runc_command(name, "delete", "--force"), check=True)

    def wait_until_it_can_be_ended(self, name, process):
        """Until the container's own program runs and has asked for SIGTERM; process 1 gets no other signals."""
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            done = subprocess.run(self._runc_command(name, "state"), capture_output=True, text=True, check=False)
            state = json.loads(done.stdout) if done.returncode == 0 else {"status": "unknown"}
            if state["status"] == "running" and self._catches_sigterm(state["pid"]):
                return
            time.sleep(0.02)
        raise RuntimeError(f"{name} has no running container: {process.poll()}")

    def _catches_sigterm(self, process_id):
        """runc's own program is there before the container's, and catches what it likes."""
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        is_started = status["Name"] == Path(self._command[0]).name
        return is_started and bool(int(status["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)

    def initialise(self):
        """Runs the init container. Returns its exit status and its words."""
        (container,) = self.description["initContainers"]
        with self.start(container, "install") as process:
            words, _ = process.communicate()
        return process.returncode, words
