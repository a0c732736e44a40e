# SPDX-License-Identifier: Apache-2.0
"""Payloads hold credentials: no part of one leaves the helper, whatever is asked and whatever goes wrong."""

import base64
import subprocess
import time
from pathlib import Path

import pytest
from mount_lab.payloads import EXTRA_OPTION, VERITY, VOLUME, changed, encode, extra_option, kata_volume
from mount_lab.records import record_at
from mount_lab.running import ENVIRONMENT, check, run, run_helper
from mount_lab.tracing import traced

pytest_plugins = ["mount_lab.fixtures"]

MARKER = "HUNTER2SECRET"
GOOD = {
    "extra-option-value": extra_option({name: MARKER for name in EXTRA_OPTION}),
    "extra-option-key": extra_option({**EXTRA_OPTION, MARKER: MARKER}),
    "volume-values": kata_volume({**VOLUME, "source": MARKER, "fs_type": MARKER, "options": [MARKER]}),
    "volume-keys": kata_volume({**VOLUME, MARKER: {MARKER: MARKER}}),
    "unknown-volume-type": kata_volume({**VOLUME, "volume_type": MARKER}),
    "verity-key": kata_volume(changed(VOLUME, f"dm_verity.{MARKER}", 1)),
    "metadata": kata_volume({"volume_type": "image_guest_pull", "image_pull": {"metadata": {MARKER: MARKER}}}),
    "nydus-image": kata_volume({"volume_type": "layer_nydus_fs", "source": "x", "nydus_image": {"config": MARKER}}),
}
BROKEN = {
    **{f"extra-option-{name}": extra_option({**EXTRA_OPTION, name: [MARKER]}) for name in EXTRA_OPTION},
    "extra-option-missing": extra_option({MARKER: MARKER}),
    **{f"verity-{name}": kata_volume(changed(VOLUME, f"dm_verity.{name}", MARKER)) for name in VERITY},
    "verity-salt": kata_volume(changed(VOLUME, "dm_verity.salt", MARKER)) + ",nydus.payload=strict",
    "volume-source": kata_volume({**VOLUME, "source": {MARKER: MARKER}}),
    "volume-options": kata_volume({**VOLUME, "options": {MARKER: MARKER}}),
    "volume-type": kata_volume({**VOLUME, "volume_type": MARKER}) + ",nydus.payload=strict",
    "volume-key": kata_volume({**VOLUME, MARKER: 1}) + ",nydus.payload=strict",
    "metadata": kata_volume({"volume_type": "image_guest_pull", "image_pull": {"metadata": {MARKER: [MARKER]}}}),
    "volume-as-extra-option": extra_option({**VOLUME, "source": MARKER}),
    "not-json": extra_option(MARKER),
    "json-cut": extra_option('{"%s":"%s' % (MARKER, MARKER)),
    "not-base64": f"extraoption={MARKER}*",
    "raw-json": 'extraoption={"source":"%s"}' % MARKER,
    "raw-json-with-commas": 'extraoption={"source":"a","%s":"%s"}' % (MARKER, MARKER),
    "raw-json-that-looks-like-options": 'extraoption={"a":1,ro,%s=%s,nydus.payload=%s}' % ((MARKER,) * 3),
    "quoted": f'extraoption="{MARKER}',
    "quoted-and-more": f'io.katacontainers.volume="{MARKER}"{MARKER}',
    "volume-without-base64": f"io.katacontainers.volume={MARKER}!",
}


def secrets_of(option):
    """All that must not be seen: the marker, and every stretch of the base64 that covers one."""
    secrets = {MARKER}
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + MARKER.encode()).decode()
        secrets.add(text[4:16])
    value = option.split("=", 1)[1].split(",")[0]
    secrets.add(value[:24])
    return secrets


def assert_silent_about(option, *texts):
    for text in texts:
        for secret in secrets_of(option):
            assert secret not in text


@pytest.mark.parametrize("name", BROKEN)
def test_broken_payload_is_not_shown(helper, lab, name):
    options = lab.options(lab.layers(2))
    for words in ([*options, BROKEN[name]], [BROKEN[name], *options], [*options, extra_option(), BROKEN[name], "dev"]):
        outcome = run_helper(helper, lab.target, *words, switches=["-v"])
        assert outcome.code == 1, outcome
        assert outcome.err.count("\n") == 1
        assert_silent_about(BROKEN[name], outcome.out, outcome.err)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("failure", (None, "layer", "word", "target"))
def test_good_payload_is_not_shown(helper, lab, name, failure):
    words = {None: [], "layer": [f"lowerdir={lab.directory}/nowhere:/"], "word": ["nosuch=1"], "target": []}[failure]
    target = lab.target if failure != "target" else lab.target / "nowhere"
    outcome = run_helper(helper, target, GOOD[name], *lab.options(lab.layers(2)), *words, switches=["-v"])
    assert (outcome.code == 0) == (failure is None)
    assert_silent_about(GOOD[name], outcome.out, outcome.err)
    if failure is None:
        assert_silent_about(GOOD[name], str(record_at(lab.target)))


@pytest.mark.parametrize("count", (1, 2, 60), ids=("bind", "mount", "fsopen"))
def test_no_system_call_carries_a_payload(helper, lab, tmp_path, count):
    layers = lab.layers(count, "long-names-fill-a-page-quickly-and-then-the-other-interface-is-needed-{}")
    options = lab.options(layers, *GOOD.values(), writable=count > 1)
    words = [helper.path, "overlay", lab.target, "-v", "-o", ",".join(options)]
    outcome, calls = traced(tmp_path / "log", "all", *words)
    check(outcome)
    assert "execve(" in calls[0] and len(calls) > 5
    for option in GOOD.values():
        assert_silent_about(option, *calls[1:])


def command_line_while(lab, helper, log, call, words):
    """/proc/PID/cmdline while the helper hangs in a system call."""
    strace = ["strace", "-f", "-qq", "-o", log, "-e", f"inject={call}:delay_enter=400000", "--", helper.path, *words]
    with subprocess.Popen([str(word) for word in strace], env=ENVIRONMENT) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 10
        text = b""
        while process.poll() is None and time.monotonic() < deadline:
            for child in children.read_text().split():
                try:
                    seen = Path(f"/proc/{child}/cmdline").read_bytes()
                    in_call = Path(f"/proc/{child}/syscall").read_text().split()[0]
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if in_call.isdigit() and seen.startswith(bytes(helper.path)):
                    text = seen
            time.sleep(0.01)
    assert process.returncode == 0
    return text


@pytest.mark.parametrize(
    "order",
    (
        "overlay {target} -o {payloads},{options}",
        "overlay {target} -o {options} -o {payloads} -o dev",
        "-o {options},{payloads} -v overlay {target}",
        "overlay {target} -o{options},{payloads},nosuid -t nydus-overlayfs",
    ),
    ids=("payload-first", "several-options", "options-first", "one-word"),
)
def test_payload_is_gone_from_the_command_line(first_helper, lab, tmp_path, order):
    values = {
        "target": lab.target,
        "options": ",".join(lab.options(lab.layers(2))),
        "payloads": ",".join(GOOD.values()),
    }
    words = [word.format(**values) for word in order.split()]
    seen = command_line_while(lab, first_helper, tmp_path / "log", "mount", words).decode()
    assert seen.count("\0") == len(words) + 1
    for option in GOOD.values():
        assert_silent_about(option, seen)
    check(run("umount", lab.target))


def test_marker_would_be_found():
    """The other tests look for the right thing: base64 of the marker at any of its three places."""
    for name, option in {**GOOD, **BROKEN}.items():
        assert any(secret in option for secret in secrets_of(option)), name
    for shift in range(3):
        text = encode("x" * shift + MARKER)
        assert any(secret in text for secret in secrets_of("x=" + MARKER))
