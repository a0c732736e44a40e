# SPDX-License-Identifier: Apache-2.0
"""Shows one container start with the mount helper at work. tests/demo prepares everything and calls this."""

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from nydus_stack import image, layers, payload
from nydus_stack.configuration import Snapshotter
from nydus_stack.mounts import mount_at
from nydus_stack.private_namespace import HELPER_NAME, MOUNT_HELPER_NAME, enter_private_namespace
from nydus_stack.programs import DEBIAN_CONTAINERD, Programs
from nydus_stack.stack import Stack

ATTEMPTS = 3
CALLS_BEFORE_GIVING_UP = 10
CONTAINER = "demo"
START_SECONDS = 60
# It stays until the demo has looked at its mount from outside.
SCRIPT = """echo "this file is in the image: $(cat /data/of-layer-2)"
test -e /data/removed || echo "this one is gone, layer 2 removed it: /data/removed"
echo "written by the container" >/data/new && echo "and it can write: $(cat /data/new)"
grep ' / / ' /proc/self/mountinfo >/out/mountinfo
touch /out/ready
until test -e /out/seen; do sleep 0.1; done"""


class DemoFailed(Exception):
    """Says what went wrong."""


def heading(text):
    print(f"\n== {text}")


def indented(text):
    for line in text.splitlines():
        print(f"   {line}")


def without_payload(text):
    """Payloads may hold credentials of a registry: only their name and length are shown."""
    names = "|".join(map(re.escape, (payload.EXTRA_OPTION, payload.KATA_VOLUME)))
    return re.sub(rf"({names})=([^,\s\]]*)", lambda match: f"{match[1]}=<{len(match[2])} bytes>", text)


def show_command_line(arguments):
    heading("The command line that arrived at the helper (options one a line, payloads cut)")
    source, target, flag, options = arguments
    indented(f"{HELPER_NAME} {source} {target} {flag}")
    for option in without_payload(options).split(","):
        indented(f"    {option}")


def show_plan(arguments):
    heading("The plan that the helper makes of it (the same with -fv, which mounts nothing)")
    command = [f"/usr/sbin/{MOUNT_HELPER_NAME}", *arguments, "-fv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    indented(done.stderr or "(nothing)")
    if done.returncode != 0:
        raise DemoFailed(f"the helper ended with status {done.returncode} under -fv")


def show_mount(rootfs):
    heading("The mount as the kernel records it")
    mount = mount_at(rootfs)
    if mount is None or mount.kind != "overlay":
        raise DemoFailed(f"no overlay is mounted on {rootfs}")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if f" {rootfs} " in line:
            indented(line)


class Container(threading.Thread):
    """The container, running beside the demo."""

    def __init__(self, stack, reference):
        super().__init__()
        self._stack = stack
        self._reference = reference
        self._out = stack.out_directory(CONTAINER)
        self.outcome = None

    def run(self):
        self.outcome = self._stack.run_named(CONTAINER, self._reference, SCRIPT)

    def has_started(self):
        deadline = time.monotonic() + START_SECONDS
        while self.is_alive() and time.monotonic() < deadline:
            if (self._out / "ready").exists():
                return True
            time.sleep(0.05)
        return False

    def finish(self):
        self._out.mkdir(parents=True, exist_ok=True)
        (self._out / "seen").touch()
        self.join()


@contextlib.contextmanager
def running_container(stack, reference):
    container = Container(stack, reference)
    container.start()
    try:
        yield container
    finally:
        container.finish()


def show_container_start(stack, reference):
    """True when all was shown; False when containerd lost the exit status of every call of the helper."""
    rootfs = stack.rootfs_of(CONTAINER)
    with running_container(stack, reference) as container:
        started = container.has_started()
        if started:
            arguments = [call for call in stack.helper_calls() if call[1] == str(rootfs)][-1]
            show_command_line(arguments)
            show_plan(arguments)
            show_mount(rootfs)
    outcome = container.outcome
    if started and outcome and outcome.status == 0:
        heading("What the container itself says")
        indented(outcome.output)
        return True
    targets = stack.helper_targets()
    if any(targets.count(target) >= CALLS_BEFORE_GIVING_UP for target in targets):
        return False
    reason = without_payload(outcome.errors) if outcome else "no answer from containerd"
    raise DemoFailed(f"the container did not run: {reason}")


def run_once(programs, helper, is_real):
    version = "2.4" if is_real else DEBIAN_CONTAINERD
    stack = Stack(programs, helper, version, Snapshotter() if is_real else None, record_calls=True)
    with stack:
        directories = layers.write_sample_layers(stack.directory / "layers", programs.busybox)
        if is_real:
            reference = stack.add_nydus_image("demo", directories)
        else:
            reference = stack.add_image("demo", image.plain_image(directories))
        complete = show_container_start(stack, reference)
    if complete and stack.leftovers:
        raise DemoFailed("left behind: " + "; ".join(stack.leftovers))
    return complete


def run_demo(helper, is_real):
    programs = Programs()
    enter_private_namespace()
    for attempt in range(1, ATTEMPTS + 1):
        if run_once(programs, helper, is_real):
            heading("Done: the container has ended, and nothing is left of it or of the stack")
            return
        print(f"containerd {DEBIAN_CONTAINERD} lost the exit status of {CALLS_BEFORE_GIVING_UP} helper calls in a row,")
        print(f"a known defect of that version: starting again (attempt {attempt} of {ATTEMPTS} failed)")
    raise DemoFailed("containerd lost the exit status of every call in every attempt")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("helper", type=Path)
    parser.add_argument("--real-stack", action="store_true")
    arguments = parser.parse_args()
    # Interrupted or not, the stack is taken down.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
    try:
        run_demo(arguments.helper, arguments.real_stack)
    except (DemoFailed, RuntimeError, TimeoutError) as failure:
        sys.exit(f"demo: {failure}")


if __name__ == "__main__":
    main()
