# SPDX-License-Identifier: Apache-2.0
"""The packages of this tree, built by the scripts that make a release, below build/packages."""

import fcntl
import functools
import hashlib
import subprocess
from pathlib import Path

TREE = Path(__file__).resolve().parents[4]
BUILT = TREE / "build" / "packages"
STAMP = ".sources"

# What makes each kind, and which folders of packaging/ it does not depend on.
BUILDERS = {
    "debian12": ["packaging/debian/build"],
    "debian13": ["tests/cross/trixie-root", "--packages"],
    "rpm": ["packaging/rpm/build"],
    "archive": ["packaging/archive/build"],
}
OF_OTHER_KINDS = {
    "debian12": ("rpm", "archive"),
    "debian13": ("rpm", "archive"),
    "rpm": ("debian", "archive"),
    "archive": ("debian", "rpm"),
}


class NotBuilt(Exception):
    """Packages that cannot be made; says why and where the log is."""


def sources(kind):
    """The files that the packages of a kind are made of."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=TREE, check=True, capture_output=True, text=True).stdout.split("\0")
    apart = ("tests/", ".github/", *(f"packaging/{other}/" for other in OF_OTHER_KINDS[kind]))
    return [TREE / name for name in sorted(filter(None, names)) if not name.startswith(apart) and (TREE / name).is_file()]


def digest_of_sources(kind):
    digest = hashlib.sha256()
    for path in sources(kind):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(TREE)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def build(kind, folder):
    command = BUILDERS[kind]
    if not (TREE / command[0]).exists():
        raise NotBuilt(f"no {command[0]} in this tree, which makes the packages of {kind}")
    log = BUILT / f"{kind}.log"
    with open(log, "wb") as output:
        done = subprocess.run(
            [*command, folder], cwd=TREE, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if done.returncode != 0:
        raise NotBuilt(f"{' '.join(command)} ended with {done.returncode}, its words are in {log}")


@functools.cache
def artefacts(kind):
    """The files of build/packages/KIND by name, made where they are missing or made from other sources."""
    BUILT.mkdir(parents=True, exist_ok=True)
    folder = BUILT / kind
    with open(BUILT / f".{kind}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = digest_of_sources(kind)
        stamp = folder / STAMP
        if not stamp.exists() or stamp.read_text() != now:
            remove_files(folder)
            build(kind, folder)
            stamp.write_text(now)
    return {path.name: path for path in sorted(folder.iterdir()) if path.name != STAMP}


def remove_files(folder):
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()


def artefact(kind, beginning, ending):
    """The only file of a kind whose name has this beginning and ending."""
    found = [path for name, path in artefacts(kind).items() if name.startswith(beginning) and name.endswith(ending)]
    if len(found) != 1:
        raise NotBuilt(f"one file {beginning}*{ending} is wanted in {BUILT / kind}, there are {len(found)}")
    return found[0]
