# SPDX-License-Identifier: Apache-2.0
"""A private containerd with its snapshotter, below one directory. Enter a private mount namespace first."""

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nydus_stack import configuration, image
from nydus_stack.configuration import SNAPSHOTTER
from nydus_stack.mounts import detach, mounts_below
from nydus_stack.private_namespace import installed_helper
from nydus_stack.processes import ProcessGroup, processes_naming, terminate

STANDIN = Path(__file__).with_name("standin_snapshotter.py")
COMMAND_SECONDS = 90
HELPER_TYPE = "fuse.nydus-overlayfs"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outcome:
    """How a container ended: the exit status of ctr, what the container wrote, what ctr complained about."""

    status: int
    output: str
    errors: str


class Stack:
    """Use as a context manager. `snapshotter` None means the stand-in; `leftovers` is filled when the stack is down.

    With `helper` None the installed one is used; where there is none no containers run, and several stacks may be up.
    """

    def __init__(self, programs, helper, containerd="2.4", snapshotter=None, record_calls=False):
        self.directory = Path(f"/run/nydus-stack/{next(_numbers)}")
        self.containerd_version = containerd
        self.leftovers = []
        self.last_container = None
        self._programs = programs
        self._helper = helper
        self._snapshotter = snapshotter
        self._calls = self.directory / "helper-calls" if record_calls else None
        self._binaries = programs.containerd_directory(containerd)
        self._namespace = f"nydus-stack-{os.getpid()}-{self.directory.name}"
        self._registry = None
        self._tops = {}
        self._container_numbers = itertools.count(1)
        self._cleanup = contextlib.ExitStack()
        self._processes = ProcessGroup(self.directory, self._environment())

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            self.directory.mkdir(parents=True)
            undo.callback(shutil.rmtree, self.directory)
            self._temporary.mkdir()
            undo.callback(self._remove_control_groups)
            if self._helper:
                undo.enter_context(
                    installed_helper(self._helper, self.directory / "sbin", self._programs.debian, self._calls)
                )
            undo.callback(self._stop)
            if self._snapshotter:
                self._start_registry()
            self._start_snapshotter()
            self._start_containerd()
            self._cleanup = undo.pop_all()
        return self

    def __exit__(self, *exception):
        self._cleanup.close()

    # What tests do with it

    def ctr(self, *arguments, check=True):
        done = self.ctr_bytes(*arguments)
        outputs = [output.decode(errors="replace") for output in (done.stdout, done.stderr)]
        if check and done.returncode != 0:
            command = " ".join(map(str, arguments))
            raise RuntimeError(f"ctr {command} ended with {done.returncode}: {outputs[1].strip()}")
        return subprocess.CompletedProcess(done.args, done.returncode, *outputs)

    def ctr_bytes(self, *arguments):
        command = [self._binaries / "ctr", *arguments]
        return subprocess.run(
            [str(word) for word in command],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def add_image(self, name, content):
        """Makes an image known to containerd, unpacked; returns its reference."""
        if self._registry is None:
            reference = f"test.invalid/{name}:1"
            path = self.directory / f"{name}.tar"
            image.write_archive(content, path, reference)
            self.ctr("images", "import", "--snapshotter", SNAPSHOTTER, path)
        else:
            reference = image.push(content, self._registry, name)
            self._pull(reference)
        self._tops[reference] = content.chain_id()
        return reference

    def _pull(self, reference):
        if self._has_transfer_service:
            self.ctr("images", "pull", "--snapshotter", SNAPSHOTTER, "--plain-http", reference)
            return
        command = [self._programs.puller, self.directory / "containerd.sock", SNAPSHOTTER, reference]
        done = subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())

    def add_nydus_image(self, name, layers, fs_version="6", compressor="zstd"):
        work = self.directory / "image-work" / name
        builder = image.NydusImageBuilder(self._programs.nydus_image, work, fs_version, compressor)
        return self.add_image(name, builder.build(layers))

    def run(self, reference, script, *options, remove=True):
        """Runs a shell script in a new container; `last_container` is its id.

        The output goes through a file: ctr now and then loses what a short task writes.
        """
        self.last_container = f"container-{next(self._container_numbers)}"
        return self._run(self.last_container, reference, script, options, remove)

    def run_named(self, container, reference, script, *options):
        return self._run(container, reference, script, options, True)

    def _run(self, container, reference, script, options, remove):
        out = self.out_directory(container)
        out.mkdir(parents=True)
        out.chmod(0o777)
        done = self.ctr(
            "run",
            *(["--rm"] if remove else []),
            *("--snapshotter", SNAPSHOTTER, *options, "--mount", f"type=bind,src={out},dst=/out,options=rbind:rw"),
            *(reference, container, "/bin/sh", "-c", f"{{ {script}\n}} >/out/text 2>&1"),
            check=False,
        )
        text = out / "text"
        return Outcome(done.returncode, text.read_text() if text.exists() else "", done.stderr)

    def out_directory(self, container):
        """What the container sees as /out; its output is the file `text` there."""
        return self.directory / "out" / container

    def rootfs_of(self, container):
        """Where the shim mounts the root file system of a container."""
        tasks = self.directory / "containerd" / "state" / "io.containerd.runtime.v2.task"
        return tasks / self._namespace / container / "rootfs"

    def top_of(self, reference):
        """The name of the snapshot that holds the image as a whole."""
        return self._tops[reference]

    def mount_new_snapshot(self, verb, key, parent, target):
        """Makes a snapshot (`view` or `prepare`) and runs what ctr prints to mount it: a mount(8) command line."""
        return self._mount_as_printed(target, verb, "--target", target, key, parent)

    def mount_snapshot(self, key, target):
        """The same for a snapshot that is there. nydus-snapshotter does not answer this as it answered before."""
        return self._mount_as_printed(target, "mounts", target, key)

    def _mount_as_printed(self, target, *arguments):
        Path(target).mkdir(parents=True, exist_ok=True)
        line = self.ctr("snapshots", "--snapshotter", SNAPSHOTTER, *arguments).stdout
        if HELPER_TYPE not in line:
            raise RuntimeError(f"ctr {arguments[0]} does not lead to the helper: {line}")
        return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)

    def delete_snapshot(self, key):
        self.ctr("snapshots", "--snapshotter", SNAPSHOTTER, "delete", key)

    @property
    def snapshotter_directory(self):
        """Where the snapshotter keeps everything, and the socket it answers at."""
        return self.directory / "snapshotter"

    @property
    def snapshotter_socket(self):
        return self.directory / "snapshotter.sock"

    def helper_calls(self):
        """The arguments of every call so far, where calls are recorded."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [line.removesuffix("\t").split("\t") for line in lines]

    def helper_targets(self):
        return [arguments[1] for arguments in self.helper_calls()]

    def set_options_for_kata(self, options):
        """What the stand-in adds to a mount from now on; None means what it adds by itself."""
        if options is None:
            self._options_file.unlink(missing_ok=True)
        else:
            self._options_file.write_text(json.dumps(options))

    def traces_of_containers(self):
        """Mounts and temporary directories that no running container accounts for."""
        roots = [self.directory / "containerd", self._temporary]
        mounts = [mount.target for root in roots for mount in mounts_below(root)]
        directories = [str(path) for root in roots for path in root.rglob("containerd-mount*")]
        return sorted(set(mounts + directories))

    # How it comes up

    @property
    def _temporary(self):
        return self.directory / "tmp"

    @property
    def _options_file(self):
        return self.directory / "options-for-kata.json"

    @property
    def _has_transfer_service(self):
        return self.containerd_version.startswith("2.")

    def _environment(self):
        return {
            **self._programs.environment(self.containerd_version),
            "HOME": str(self.directory),
            "TMPDIR": str(self._temporary),
            "CONTAINERD_ADDRESS": f"{self.directory}/containerd.sock",
            "CONTAINERD_NAMESPACE": self._namespace,
        }

    def _start_registry(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._processes.start("registry", [self._programs.registry, f"127.0.0.1:{port}"])
        self._processes.wait_until("the registry", lambda: is_listening(port))
        self._registry = f"127.0.0.1:{port}"

    def _start_snapshotter(self):
        address = self.snapshotter_socket
        state = self.snapshotter_directory
        if self._snapshotter:
            settings = self._write_snapshotter_settings()
            command = [self._programs.snapshotter, "--config", settings, "--log-to-stdout"]
        else:
            command = [sys.executable, STANDIN, address, state, "--options-file", self._options_file]
        self._processes.start("snapshotter", command)
        self._processes.wait_until("the snapshotter", address.exists)

    def _write_snapshotter_settings(self):
        settings = self.directory / "snapshotter.toml"
        settings.write_text(
            configuration.nydus_snapshotter(self.directory, self._programs.nydus_image, self._snapshotter)
        )
        (self.directory / "nydusd.json").write_text(configuration.nydusd(self.directory, self._snapshotter))
        wrapper = self.directory / "nydusd"
        wrapper.write_text(configuration.nydusd_wrapper(self._programs.nydusd))
        wrapper.chmod(0o755)
        return settings

    def _start_containerd(self):
        settings = self.directory / "containerd.toml"
        settings.write_text(configuration.containerd(self.directory, self._has_transfer_service))
        self._processes.start("containerd", [self._binaries / "containerd", "-c", settings])
        self._processes.wait_until("containerd", self._answers)

    def _answers(self):
        if not (self.directory / "containerd.sock").exists():
            return False
        return self.ctr("snapshots", "--snapshotter", SNAPSHOTTER, "ls", check=False).returncode == 0

    # How it goes down

    def _stop(self):
        self.leftovers += [f"mount {target}" for target in self.traces_of_containers()]
        self.leftovers += [f"{name} had to be killed" for name in self._processes.stop_all()]
        for process_id, command in processes_naming(f"{self.directory}/").items():
            self.leftovers.append(f"process {process_id}: {command[:200]}")
            terminate(process_id)
        for mount in reversed(mounts_below(self.directory)):
            self.leftovers.append(f"mount {mount.target}")
            detach(mount.target)

    def _remove_control_groups(self):
        """runc removes the group of a container, not the one of the namespace above it."""
        for path in [Path("/sys/fs/cgroup") / self._namespace, *Path("/sys/fs/cgroup").glob(f"*/{self._namespace}")]:
            with contextlib.suppress(OSError):
                path.rmdir()


def is_listening(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
