# SPDX-License-Identifier: Apache-2.0
"""The packages of this tree, built by the scripts that make a release, below build/packages."""

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[4]
BUILT = TREE / "build" / "packages"
STAMP = ".sources"
USUAL_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nydus-overlayfs-tests"
CACHE = Path(os.environ.get("NYDUS_TEST_CACHE") or USUAL_CACHE)

# What makes each kind, and which folders of packaging/ it does not depend on.
BUILDERS = {
    "debian12": ["packaging/debian/build"],
    "debian13": ["tests/cross/trixie-root", "--packages"],
    "rpm": ["packaging/rpm/build"],
    "archive": ["packaging/archive/build"],
}
# Tests run in steps of their own; rpmbuild has no variable for that as dpkg-buildpackage does.
WITHOUT_TESTS = {"rpm": ["--without", "check"]}
OF_OTHER_KINDS = {
    "debian12": ("rpm", "archive"),
    "debian13": ("rpm", "archive"),
    "rpm": ("debian", "archive"),
    "archive": ("debian", "rpm"),
}

# An older version of this tree, for upgrades.
OLDER = "0.0.9"
# Every place that says the version: file, and what stands before the number.
VERSIONS = {
    "CMakeLists.txt": r"(?<=project\(nydus-overlayfs VERSION )[0-9.]+",
    "packaging/debian/changelog": r"(?<=^nydus-overlayfs \()[0-9.]+",
    "packaging/rpm/nydus-overlayfs.spec": r"(?<=^Version: )\s*[0-9.]+",
}


# So that dpkg and rpm have two configurations to choose from.
CONFIGURATION_DIFFERS = f"# As shipped with version {OLDER}.\n"


class NotBuilt(Exception):
    """Packages that cannot be made; says why and where the log is."""


def files_of_tree():
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=TREE, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in sorted(filter(None, names)) if (TREE / name).is_file()]


def digest_of_sources(kind):
    apart = ("tests/", ".github/", *(f"packaging/{other}/" for other in OF_OTHER_KINDS[kind]))
    digest = hashlib.sha256()
    for name in files_of_tree():
        if not name.startswith(apart) or name == BUILDERS[kind][0]:
            content = (TREE / name).read_bytes()
            mode = (TREE / name).stat().st_mode
            digest.update(f"{name}\0{mode}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def copy_tree_as(version, folder):
    """The tree as it would be with another version, as a work tree of its own."""
    for name in files_of_tree():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TREE / name, target, follow_symlinks=False)
    for name, place in VERSIONS.items():
        path = folder / name
        if path.exists():
            text, count = re.subn(place, version, path.read_text(), count=1, flags=re.MULTILINE)
            if count != 1:
                raise NotBuilt(f"{name} does not say the version where it is expected")
            path.write_text(text)
    with open(folder / "packaging" / "config.toml", "a", encoding="utf-8") as configuration:
        configuration.write(CONFIGURATION_DIFFERS)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def environment():
    """Tests run in steps of their own, not with the build of a package. What ccache knows is not compiled again."""
    settings = {"DEB_BUILD_OPTIONS": f"nocheck parallel={os.cpu_count()}"}
    if shutil.which("ccache"):
        settings |= {"CMAKE_C_COMPILER_LAUNCHER": "ccache", "CMAKE_CXX_COMPILER_LAUNCHER": "ccache"}
        settings |= {"CCACHE_DIR": str(CACHE / "compiler"), "CCACHE_NOHASHDIR": "1"}
    return {**settings, **os.environ}


def build(kind, tree, folder):
    command = BUILDERS[kind]
    if not (tree / command[0]).exists():
        raise NotBuilt(f"no {command[0]} in this tree, which makes the packages of {kind}")
    # No build may need a network; the one for Debian 13 sees to that by itself, once it has its root.
    isolation = [] if kind == "debian13" else ["unshare", "--net"]
    log = folder.with_suffix(".log")
    with open(log, "wb") as output:
        done = subprocess.run(
            [*isolation, *command, folder, *WITHOUT_TESTS.get(kind, [])],
            cwd=tree,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        raise NotBuilt(f"{' '.join(command)} ended with {done.returncode}, its words are in {log}")


def build_older(kind, folder):
    tree = BUILT / f".tree-of-{folder.name}"
    shutil.rmtree(tree, ignore_errors=True)
    try:
        copy_tree_as(OLDER, tree)
        build(kind, tree, folder)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def provide(kind, older, even_if_there):
    """The folder of a kind, filled. It bears a stamp of the sources only while it is whole."""
    BUILT.mkdir(parents=True, exist_ok=True)
    folder = BUILT / (f"older-{kind}" if older else kind)
    with open(BUILT / f".{folder.name}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = digest_of_sources(kind)
        stamp = folder / STAMP
        if even_if_there or not stamp.exists() or stamp.read_text() != now:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build_older(kind, folder) if older else build(kind, TREE, folder)
            stamp.write_text(now)
    return folder


@functools.cache
def provided_or_reason(kind, older):
    """What cannot be built is not tried again by the next test."""
    try:
        return provide(kind, older, even_if_there=False)
    except NotBuilt as reason:
        return reason


def artefacts(kind, older=False):
    """The files of build/packages/KIND by name, made where they are missing or made from other sources.

    With `older` those of the same tree as version 0.0.9, in build/packages/older-KIND.
    """
    folder = provided_or_reason(kind, older)
    if isinstance(folder, NotBuilt):
        raise folder
    return {path.name: path for path in sorted(folder.iterdir()) if path.name != STAMP}


def artefact(kind, beginning, ending, older=False):
    """The only file of a kind whose name has this beginning and ending."""
    files = artefacts(kind, older).items()
    found = [path for name, path in files if name.startswith(beginning) and name.endswith(ending)]
    if len(found) != 1:
        raise NotBuilt(f"one file {beginning}*{ending} of {kind} is wanted, there are {len(found)}")
    return found[0]


if __name__ == "__main__":
    provide(sys.argv[1], older=False, even_if_there=True)
