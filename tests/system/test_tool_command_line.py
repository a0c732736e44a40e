# SPDX-License-Identifier: Apache-2.0
"""What all verbs of nydus-overlayctl share: help, flags, completion, the man page, output that cannot be written."""

import re
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
MAN_PAGE = SOURCE / "packaging/man/nydus-overlayctl.1.scd"
DOCTOR = SOURCE / "ctl/diagnose/doctor"
COMPLETION = SOURCE / "packaging/completions/nydus-overlayctl"


def run(tool, *arguments, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
    return subprocess.run([tool, *arguments], text=True, check=False, **options)


def help_of(tool, *verb):
    told = run(tool, *verb, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout


def verbs(tool):
    return re.findall(r"^  ([a-z][a-z-]*(?: [a-z-]+)?)  ", help_of(tool), re.MULTILINE)


def flags(tool, verb):
    return re.findall(r"^  --([a-z0-9-]+)", help_of(tool, *verb.split()), re.MULTILINE)


def sections_of_man_page():
    """Maps each verb to the text of its section, a heading of the form `## verb operands`."""
    text = MAN_PAGE.read_text()
    return {
        re.match(r"[a-z-]+( [a-z-]+)?", part).group(0): part
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    }


def complete(tool, *words):
    """What bash offers for the last word."""
    script = f"""
        source {COMPLETION}
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _nydus_overlayctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    told = subprocess.run(
        ["bash", "-c", script, "bash", tool, *words], text=True, check=True, stdout=subprocess.PIPE
    ).stdout
    return told.split()


def test_every_verb_explains_itself(tool):
    assert len(verbs(tool)) > 0
    for verb in verbs(tool):
        assert help_of(tool, *verb.split()).startswith(f"Usage: nydus-overlayctl {verb}")


def test_man_page_has_a_section_for_every_verb_and_no_other(tool):
    assert sorted(sections_of_man_page()) == sorted(verbs(tool))


def test_man_page_names_every_flag_of_every_verb(tool):
    shared = {"json", "color"}
    for verb, section in sections_of_man_page().items():
        named = set(re.findall(r"^\*--([a-z0-9-]+)", section, re.MULTILINE))
        assert named == set(flags(tool, verb)) - shared, verb


def test_man_page_names_every_verb_that_writes_no_json(tool):
    paragraph = re.search(r"It is no flag of these verbs: (.*?)\. The schemas", MAN_PAGE.read_text()).group(1)
    without = [verb for verb in verbs(tool) if "json" not in flags(tool, verb)]
    assert sorted(re.findall(r"\*([a-z -]+)\*", paragraph)) == sorted(without)


def test_man_page_names_every_finding_of_doctor_and_no_other():
    code = "".join(path.read_text() for path in DOCTOR.glob("*.*"))
    file_systems = {f"kernel-{name}" for name in ("overlay", "fuse", "erofs")}
    made = set(re.findall(r'\b(?:Good|Note|Warning|Bad)\(\s*"([a-z0-9-]+)"', code)) | file_systems
    section = re.search(r"^# FINDINGS$(.*?)^# ", MAN_PAGE.read_text(), re.MULTILINE | re.DOTALL).group(1)
    listed = set(re.findall(r"^\*([a-z0-9-]+)\* \(", section, re.MULTILINE))
    listed |= set(re.findall(r"\*([a-z0-9-]+)\*", section[section.index("Only *ok* are: ") + len("Only *ok* are: ") :]))
    assert made <= listed
    assert listed <= set(re.findall(r'"([a-z0-9-]+)"', code)) | file_systems


def test_flags_of_gflags_itself_are_refused(tool):
    for flag in ("--flagfile=/etc/passwd", "--fromenv=json", "--tryfromenv=json", "--undefok=x", "-flagfile=x"):
        for verb in verbs(tool):
            told = run(tool, *verb.split(), flag)
            assert (told.returncode, told.stdout) == (1, ""), (verb, flag)
            assert told.stderr.count("\n") == 1


def test_environment_sets_no_flag(tool):
    environment = {"FLAGS_help": "true", "FLAGS_json": "true", "FLAGS_flagfile": "/etc/passwd"}
    assert run(tool, "--version", env=environment).stdout == run(tool, "--version").stdout


def test_output_that_cannot_be_written_is_an_error(tool):
    with open("/dev/full", "w") as full:
        told = run(tool, "--help", stdout=full)
    assert told.returncode == 2
    assert "cannot write the output" in told.stderr


def test_completion_offers_verbs(tool):
    first_words = {verb.split()[0] for verb in verbs(tool)}
    assert set(complete(tool, "")) == first_words | {"--help", "--version"}
    assert complete(tool, "--v") == ["--version"]


def test_completion_offers_second_words_and_flags(tool):
    for verb in verbs(tool):
        words = verb.split()
        if len(words) == 2:
            assert words[1] in complete(tool, words[0], "")
        offered = {word.rstrip("=") for word in complete(tool, *words, "--")}
        assert offered == {f"--{flag}" for flag in flags(tool, verb)} | {"--help"}


VALUES = {
    ("sandbox", "create", "s", "--layout"): ["go", "rs"],
    ("storage", "--driver"): ["blk", "blk-ccw", "mmioblk", "nvdimm", "scsi"],
    ("nydusd", "mount", "--type"): ["passthrough_fs", "rafs"],
}


def test_completion_offers_values(tool):
    """Whether the shell leaves the word whole or splits it at the equals sign."""
    for (*verb, flag), values in VALUES.items():
        assert sorted(complete(tool, *verb, flag, "=")) == values
        assert sorted(complete(tool, *verb, f"{flag}=")) == [f"{flag}={value}" for value in values]
        assert complete(tool, *verb, flag, "=", values[0][:-1])[0] == values[0]
    assert complete(tool, "sandbox", "create", "--nydusd", "=") == []


def test_completion_takes_names_for_no_files(tool):
    script = f"""
        compopt() {{ printf '%s\\n' "$*"; }}
        source {COMPLETION}
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _nydus_overlayctl
    """
    for words, is_name in (
        (("sandbox", "show", ""), True),
        (("rootfs", "unshare", "s", ""), True),
        (("rootfs", "share", "s", ""), True),
        (("rootfs", "share", "s", "c", ""), False),
        (("file", "unshare", "s", "c", ""), True),
        (("file", "share", "s", ""), True),
        (("file", "share", "s", "c", ""), False),
        (("inspect", ""), False),
    ):
        told = subprocess.run(["bash", "-c", script, "bash", tool, *words], text=True, check=True, stdout=subprocess.PIPE)
        assert (told.stdout == "+o default\n") == is_name, words
