# SPDX-License-Identifier: Apache-2.0
"""Boots a guest under software emulation and collects what its script reports."""

import collections
import dataclasses
import subprocess

TIME_LIMIT = 60

# Without cx16=off one boot in six of a 6.12 kernel dies: QEMU 7.2 emulates cmpxchg16b wrongly.
EMULATOR = (
    "qemu-system-x86_64 -machine q35 -accel tcg -cpu max,cx16=off -m 512 -nodefaults -no-user-config "
    "-display none -no-reboot -serial stdio -monitor none"
).split()


@dataclasses.dataclass
class Boot:
    """Everything one boot said. `cases` holds the lines `CASE name key value` as cases[name][key] = [value, ...]."""

    output: str
    started: bool = False
    release: str = ""
    exit_code: int | None = None
    cases: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(dict))


def read_report(output):
    boot = Boot(output)
    for line in output.splitlines():
        kind, _, rest = line.rstrip("\r").partition(" ")
        if kind == "CASE":
            name, key, *value = rest.split(" ", 2)
            boot.cases[name].setdefault(key, []).append(value[0] if value else "")
        elif rest.startswith("started ") and kind == "GUEST":
            boot.started = True
            boot.release = rest.split()[1]
        elif rest.startswith("finished rc=") and kind == "GUEST":
            boot.exit_code = int(rest.removeprefix("finished rc="))
    return boot


def boot_once(kernel, initramfs, arguments):
    command = [*EMULATOR, "-kernel", str(kernel), "-initrd", str(initramfs)]
    command += ["-append", "console=ttyS0 panic=-1 rdinit=/init loglevel=4", *arguments]
    try:
        finished = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT
        )
        output = finished.stdout
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"") + b"\nno end within %d s\n" % TIME_LIMIT
    return read_report(output.decode(errors="replace"))


def boot(kernel, initramfs, log, arguments=()):
    """A guest that never reached its first line is the emulator's fault and gets a second chance, nothing else does."""
    result = boot_once(kernel, initramfs, arguments)
    if not result.started:
        result = boot_once(kernel, initramfs, arguments)
    log.write_text(result.output)
    return result
