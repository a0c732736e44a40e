# SPDX-License-Identifier: Apache-2.0
"""Older kernels, as a program in a sandbox sees them: chosen system calls answer with an error."""

import ctypes
import platform
import struct

from mount_lab.running import LIBC

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
# include/uapi/linux/bpf_common.h: load a word, jump if equal, return
BPF_LOAD, BPF_JUMP_EQUAL, BPF_RETURN = 0x20, 0x15, 0x06

# The same on all architectures, save statx.
NUMBERS = {
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "close_range": 436,
    "openat2": 437,
    "mount_setattr": 442,
    "statmount": 457,
    "listmount": 458,
    "open_tree_attr": 467,
    "statx": {"x86_64": 332, "aarch64": 291, "riscv64": 291}.get(platform.machine()),
}

# Calls that every kernel has: no part of "an older kernel".
OLD_NUMBERS = {"mount": {"x86_64": 165, "aarch64": 40, "riscv64": 40}.get(platform.machine())}


def refuse(names, error):
    """A function for subprocess's preexec_fn. The new program has these calls, and each fails with `error`."""
    code = [struct.pack("HBBI", BPF_LOAD, 0, 0, 0)]
    for name in names:
        code.append(struct.pack("HBBI", BPF_JUMP_EQUAL, 0, 1, (NUMBERS | OLD_NUMBERS)[name]))
        code.append(struct.pack("HBBI", BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | error))
    code.append(struct.pack("HBBI", BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW))
    instructions = ctypes.create_string_buffer(b"".join(code))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(instructions))

    def enter():
        # The buffer has to live until the call.
        assert instructions
        if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or LIBC.prctl(
            PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0
        ):
            raise OSError(ctypes.get_errno(), "seccomp")

    return enter
