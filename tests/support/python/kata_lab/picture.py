# SPDX-License-Identifier: Apache-2.0
"""All that an attack could change, as lines to compare: mounts with their IDs, files with their content, processes."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from kata_lab.inventory import processes_here

# nydusd writes there when it likes.
CHANGING = "nydusd.log"
CACHE = "cache"


def _content(path, status):
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if stat.S_ISREG(status.st_mode) and not path.endswith(CHANGING):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return ""


def _file(path):
    status = os.lstat(path)
    owner = f"{status.st_uid}:{status.st_gid}"
    return f"file {path} {status.st_mode:o} {owner} {status.st_ino} {status.st_rdev} {_content(path, status)}"


def take_picture(*directories):
    lines = [f"mount {line}" for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()]
    lines += [f"process {pid} {command}" for pid, command in sorted(processes_here().items())]
    for directory in directories:
        lines.append(_file(str(directory)))
        for place, below, files in os.walk(directory):
            below[:] = [name for name in below if name != CACHE]
            lines += sorted(_file(os.path.join(place, name)) for name in below + files)
    return lines


@contextlib.contextmanager
def unchanged(*directories):
    """The block changes no mount, no process, and nothing below the directories."""
    before = set(take_picture(*directories))
    yield
    after = set(take_picture(*directories))
    assert before == after, f"gone: {sorted(before - after)}, new: {sorted(after - before)}"
