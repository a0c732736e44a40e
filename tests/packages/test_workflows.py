# SPDX-License-Identifier: Apache-2.0
"""The workflows call the tree's own scripts and nothing else, with as few rights as they can have."""

import os
import re
import shlex
import subprocess

import pytest
import yaml
from nydus_stack.programs import Programs
from package_lab.artefacts import TREE

WORKFLOWS = sorted((TREE / ".github" / "workflows").glob("*.yml"))
# What a job may do, where its workflow does not say it for all.
RIGHTS = {
    ("release.yml", "build"): {"contents": "read"},
    ("release.yml", "attest"): {"id-token": "write", "attestations": "write"},
}
# What has to be done on the machine around the container.
ON_THE_RUNNER = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request):
    return request.param


def jobs_of(workflow):
    return yaml.safe_load(workflow.read_text())["jobs"].values()


def steps_of(workflow):
    return [step for job in jobs_of(workflow) for step in job["steps"]]


def commands_of(workflow):
    return [step["run"] for step in steps_of(workflow) if "run" in step]


def test_there_is_one_for_checks_and_one_for_releases():
    assert [path.name for path in WORKFLOWS] == ["check.yml", "release.yml"]


def test_actionlint_finds_nothing(workflow):
    finished = subprocess.run([Programs().actionlint, workflow], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert finished.returncode == 0, finished.stdout


def test_every_command_is_a_script_of_the_tree(workflow):
    commands = [command for command in commands_of(workflow) if command != ON_THE_RUNNER]
    assert commands
    for command in commands:
        around, script, *_ = shlex.split(command)
        assert around == "tests/in-debian12"
        for name in (around, script):
            assert os.access(TREE / name, os.X_OK), name
        assert "\n" not in command.strip()


def test_ordinary_users_may_have_namespaces_before_their_tests_run():
    assert commands_of(TREE / ".github/workflows/check.yml")[0] == ON_THE_RUNNER


def test_actions_are_pinned(workflow):
    """By commit, because a tag can be moved; the comment says which version that is."""
    used = re.findall(r"^ *- uses: (.*)$", workflow.read_text(), re.MULTILINE)
    assert len(used) == len([step for step in steps_of(workflow) if "uses" in step])
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.fixture
def words_to_docker(tmp_path):
    """What tests/in-debian12 calls it with, a line for each word."""
    (tmp_path / "docker").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "docker").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [TREE / "tests/in-debian12", "true"]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_variables_reach_the_container(workflow, words_to_docker):
    variables = {name for job in jobs_of(workflow) for name in job.get("env", {})}
    passed_on = set(re.findall(r"^--env\n([A-Z_0-9]+)$", words_to_docker, re.MULTILINE))
    assert variables and variables <= passed_on


def test_images_are_pinned(words_to_docker):
    [base] = re.findall(r"^ARG BASE=(.*)$", (TREE / "packaging/node/Containerfile").read_text(), re.MULTILINE)
    assert re.search(r"^debian@sha256:[0-9a-f]{64}\nsh$", words_to_docker, re.MULTILINE)
    assert re.fullmatch(r"busybox@sha256:[0-9a-f]{64}", base)


def test_rights_are_the_least(workflow):
    whole = yaml.safe_load(workflow.read_text())
    assert whole["permissions"] in ({}, {"contents": "read"})
    for name, job in whole["jobs"].items():
        assert job.get("permissions", {}) == RIGHTS.get((workflow.name, name), {})


def test_who_may_sign_runs_no_command_and_waits_for_what_is_signed():
    jobs = yaml.safe_load((TREE / ".github/workflows/release.yml").read_text())["jobs"]
    signing = [job for job in jobs.values() if "id-token" in job["permissions"]]
    assert [job["needs"] for job in signing] == ["build"]
    assert not [step for job in signing for step in job["steps"] if "run" in step]
    [upload] = [step["with"] for step in jobs["build"]["steps"] if "upload-artifact" in step.get("uses", "")]
    [download] = [step["with"] for job in signing for step in job["steps"] if "download-artifact" in step["uses"]]
    assert download == {"name": upload["name"], "path": upload["path"]}


def test_check_skips_nothing():
    [job] = jobs_of(TREE / ".github/workflows/check.yml")
    kinds = re.search(r"^readonly kinds=(.*)$|\(((?:[a-z]+, )+[a-z]+)\)$", (TREE / "tests/check").read_text(), re.MULTILINE)
    assert set(job["env"]["NYDUS_REQUIRE"].split(",")) == set(kinds[2].split(", "))
