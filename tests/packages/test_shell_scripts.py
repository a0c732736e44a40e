# SPDX-License-Identifier: Apache-2.0
"""The shell scripts of the tree: what a caller's environment must not do to them."""

import re
import subprocess

from package_lab.artefacts import TREE, files_of_tree

IS_SCRIPT = re.compile(r"^#!/bin/(ba)?sh|^# shellcheck shell=", re.MULTILINE)
FINDS_ITSELF = re.compile(r"\bcd .*dirname")


def scripts():
    return [name for name in files_of_tree() if IS_SCRIPT.search((TREE / name).read_bytes()[:400].decode(errors="replace"))]


def test_scripts_that_find_their_own_folder_unset_cdpath_before():
    texts = {name: (TREE / name).read_text() for name in scripts()}
    finding = {name: FINDS_ITSELF.search(text) for name, text in texts.items()}
    assert any(finding.values())
    assert [name for name, at in finding.items() if at and "unset CDPATH\n" not in texts[name][: at.start()]] == []


def test_packaging_finds_its_tree_in_spite_of_cdpath(tmp_path):
    """As a script of packaging/ does that is called by a relative path; another folder has one of the same name."""
    (tmp_path / "packaging").mkdir()
    command = 'source packaging/identity.sh && printf "%s\n" "$project_directory"'
    for cdpath in (TREE, tmp_path):
        environment = {"PATH": "/usr/bin:/bin", "CDPATH": str(cdpath)}
        told = subprocess.run(["bash", "-c", command], cwd=TREE, env=environment, stdout=subprocess.PIPE, text=True)
        assert (told.returncode, told.stdout) == (0, f"{TREE}\n")
