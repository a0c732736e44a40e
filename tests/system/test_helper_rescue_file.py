# SPDX-License-Identifier: Apache-2.0
"""/etc/nydus-overlayfs/payload-policy lets a node mount containers whose payloads are broken."""

import os

import pytest
from mount_lab.lab import assert_content
from mount_lab.payloads import extra_option
from mount_lab.records import record_at
from mount_lab.refusals import assert_helper_refuses
from mount_lab.running import NOBODY, check, private_copy, run_helper, unmount
from mount_lab.tracing import traced

pytest_plugins = ["mount_lab.fixtures"]

NAME = "payload-policy"
BROKEN = extra_option("[]")


@pytest.fixture
def directory(lab):
    with private_copy("/etc", lab.layer("etc", 9)) as etc:
        path = etc / "nydus-overlayfs"
        path.mkdir(exist_ok=True)
        yield path


@pytest.fixture
def options(lab):
    return [*lab.options(lab.layers(2)), BROKEN]


def assert_rescued(helper, lab, options):
    outcome = check(run_helper(helper, lab.target, *options, switches=["-v"]))
    assert NAME in outcome.err and "extraoption" in outcome.err
    assert_content(lab.target, 2)
    unmount(lab.target)
    assert check(run_helper(helper, lab.target, *options)).err == ""
    unmount(lab.target)


@pytest.mark.parametrize("text", ("ignore", "ignore\n", "  ignore \r\n\n"))
def test_rescue(helper, lab, directory, options, text):
    (directory / NAME).write_text(text)
    assert_rescued(helper, lab, options)
    (directory / NAME).unlink()
    assert_helper_refuses(helper, lab, 1, options, "extraoption")


OTHER_WORDS = ("", "strict", "compatible", "Ignore", "ignore ignore", "# ignore", "ignore\0", "xignore")


@pytest.mark.parametrize("text", OTHER_WORDS)
def test_other_words_change_nothing(helper, lab, directory, options, text):
    (directory / NAME).write_text(text)
    assert_helper_refuses(helper, lab, 1, options, "extraoption")
    check(run_helper(helper, lab.target, *options[:-1], extra_option()))


def owned_by_nobody(path):
    path.write_text("ignore")
    os.chown(path, NOBODY, 0)


def writable_by(mode):
    def make(path):
        path.write_text("ignore")
        path.chmod(mode)

    return make


def link(path):
    other = path.with_name("other")
    other.write_text("ignore")
    path.symlink_to(other)


UNTRUSTED = {
    "owned-by-nobody": owned_by_nobody,
    "writable-by-group": writable_by(0o664),
    "writable-by-others": writable_by(0o646),
    "link": link,
    "fifo": os.mkfifo,
    "directory": os.mkdir,
    "too-long": lambda path: path.write_text("ignore" + " " * 70000),
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_file_that_root_must_not_trust(helper, lab, directory, options, name):
    UNTRUSTED[name](directory / NAME)
    assert_helper_refuses(helper, lab, 1, options, "extraoption", "not rescued", NAME, timeout=5)


@pytest.mark.parametrize("policy", ("compatible", "strict"))
def test_policy_of_the_caller_wins(helper, lab, directory, options, policy):
    (directory / NAME).write_text("ignore")
    for words in ([f"nydus.payload={policy}", *options], [*options, f"nydus.payload={policy}"]):
        assert_helper_refuses(helper, lab, 1, words, "extraoption")
    (directory / NAME).write_text("strict")
    check(run_helper(helper, lab.target, *options, "nydus.payload=ignore"))


def test_rescue_is_for_payloads_only(helper, lab, directory, options):
    (directory / NAME).write_text("ignore")
    assert_helper_refuses(helper, lab, 32, [*options, "nosuch=1"], "nosuch")
    assert_helper_refuses(helper, lab, 1, [*options, "nydus.unknown=1"], "nydus.unknown")


def test_file_is_read_only_after_a_failure(first_helper, lab, directory, options, tmp_path):
    (directory / NAME).write_text("ignore")
    for words, looks in ((options, True), ([*options[:-1], extra_option()], False), (options[:-1], False)):
        command = [first_helper.path, "overlay", lab.target, "-o", ",".join(words)]
        outcome, calls = traced(tmp_path / "log", "%file,readlink", *command)
        check(outcome)
        assert [NAME in call for call in calls].count(True) == (1 if looks else 0)
        assert record_at(lab.target)
        unmount(lab.target)
