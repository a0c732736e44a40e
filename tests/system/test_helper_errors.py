# SPDX-License-Identifier: Apache-2.0
"""Command lines, options and payloads that are refused, each by a line that names the place."""

import pytest
from mount_lab.lab import assert_content
from mount_lab.payloads import EXTRA_OPTION, GONE, VOLUME, changed, encode, extra_option, kata_volume
from mount_lab.refusals import assert_helper_refuses, assert_refused
from mount_lab.running import check, run, run_helper, unmount

pytest_plugins = ["mount_lab.fixtures"]

STRICT = "nydus.payload=strict"
EXTRA = "extraoption"
KATA = "io.katacontainers.volume"
BROKEN_PAYLOADS = {
    "not-base64": (f"{EXTRA}=not*base64", (EXTRA, "base64")),
    "base64-of-other-alphabet": (f"{EXTRA}=-_-_", (EXTRA, "base64")),
    "base64-cut": (f"{EXTRA}={encode(EXTRA_OPTION)[:-3]}", (EXTRA,)),
    "empty": (f"{EXTRA}=", (EXTRA,)),
    "not-json": (f"{EXTRA}={encode('hello')}", (EXTRA, "JSON")),
    "json-cut": (extra_option('{"source":"a"'), (EXTRA, "JSON")),
    "text-behind-json": (extra_option('{"source":"a"} {}'), (EXTRA, "JSON")),
    "invalid-utf-8": (extra_option(b'{"source":"\xff"}'), (EXTRA, "UTF-8")),
    "unpaired-surrogate": (extra_option(r'{"source":"\ud800"}'), (EXTRA, "surrogate")),
    "a-list": (extra_option("[]"), (EXTRA, "object")),
    "number-for-source": (extra_option(changed(EXTRA_OPTION, "source", 1)), (EXTRA, "source", "string")),
    "list-for-config": (extra_option(changed(EXTRA_OPTION, "config", [])), (EXTRA, "config", "string")),
    "no-source": (extra_option(changed(EXTRA_OPTION, "source", GONE)), (EXTRA, "source")),
    "no-config": (extra_option(changed(EXTRA_OPTION, "config", GONE)), (EXTRA, "config")),
    "empty-snapshotdir": (extra_option(changed(EXTRA_OPTION, "snapshotdir", "")), (EXTRA, "snapshotdir")),
    "nested-too-deep": (extra_option("[" * 33 + "]" * 33), (EXTRA, "32")),
    "nested-very-deep": (extra_option("[" * 60000), (EXTRA, "32")),
    "volume-as-extra-option": (extra_option(VOLUME), (EXTRA, "Kata volume", KATA)),
    "volume-not-json": (f"{KATA}={encode('[')}", (KATA, "JSON")),
    "volume-without-type": (kata_volume(changed(VOLUME, "volume_type", GONE)), (KATA, "volume_type")),
    "volume-number-as-type": (kata_volume(changed(VOLUME, "volume_type", 7)), (KATA, "volume_type", "string")),
    "volume-option-no-list": (kata_volume(changed(VOLUME, "options", "ro")), (KATA, "options", "list of strings")),
    "direct-without-metadata": (kata_volume({"volume_type": "direct_block", "direct_volume": {}}), (KATA, "source")),
    "nydus-without-image": (kata_volume({"volume_type": "layer_nydus_fs", "nydus_image": {}}), (KATA, "source")),
    "pull-without-metadata": (kata_volume({"volume_type": "image_guest_pull", "image_pull": {}}), (KATA, "image_pull")),
}
BROKEN_VERITY = {
    "hash-algorithm": ("hashtype", "md5", "hashtype"),
    "hash-too-short": ("hash", "ab", "hash"),
    "hash-of-other-algorithm": ("hashtype", "sha1", "hash"),
    "hash-not-hexadecimal": ("hash", "g" * 64, "hash"),
    "no-blocks": ("blocknum", 0, "blocknum"),
    "too-many-blocks": ("blocknum", 2**63, "blocknum"),
    "negative-blocks": ("blocknum", -1, "blocknum"),
    "fraction-of-blocks": ("blocknum", 1.5, "blocknum"),
    "data-block-too-small": ("blocksize", 256, "blocksize"),
    "data-block-too-large": ("blocksize", 2**20, "blocksize"),
    "hash-block-too-small": ("hashsize", 1, "hashsize"),
    "hash-block-too-large": ("hashsize", 2**30, "hashsize"),
    "offset-not-on-a-block": ("offset", 1126401, "offset"),
    "offset-inside-the-data": ("offset", 4096, "offset"),
    "text-for-a-number": ("offset", "1126400", "offset"),
    "missing": ("hash", GONE, "hash"),
}
STRICT_PAYLOADS = {
    "duplicate-key": (extra_option('{"source":"a","source":"a","config":"b","snapshotdir":"c"}'), (EXTRA, "twice")),
    "unknown-key": (extra_option(changed(EXTRA_OPTION, "new", 1)), (EXTRA, "unknown key")),
    "base64-with-line-break": (f"{EXTRA}={encode(EXTRA_OPTION)}\n", (EXTRA, "base64")),
    "unknown-volume-type": (kata_volume(changed(VOLUME, "volume_type", "from_the_future")), (KATA, "volume_type")),
    "unknown-key-in-verity": (kata_volume(changed(VOLUME, "dm_verity.new", 1)), (KATA, "unknown key")),
    "block-size-no-power-of-two": (kata_volume(changed(VOLUME, "dm_verity.hashsize", 1100)), (KATA, "hashsize")),
    "bad-salt": (kata_volume(changed(VOLUME, "dm_verity.salt", "xyz")), (KATA, "salt")),
    "no-direct-volume": (kata_volume({"volume_type": "direct_block", "source": "x"}), (KATA, "direct_volume")),
    "no-nydus-image": (kata_volume({"volume_type": "image_nydus_fs", "source": "x"}), (KATA, "nydus_image")),
    "no-image-pull": (kata_volume({"volume_type": "image_guest_pull"}), (KATA, "image_pull")),
    "extra-option-twice": (f"{extra_option()},{extra_option()}", (EXTRA, "twice")),
}


@pytest.mark.parametrize("name", BROKEN_PAYLOADS)
def test_broken_payload(helper, lab, name):
    option, phrases = BROKEN_PAYLOADS[name]
    options = lab.options(lab.layers(2))
    assert_helper_refuses(helper, lab, 1, [*options, option], str(lab.target), *phrases)
    check(run_helper(helper, lab.target, *options, option, "nydus.payload=ignore"))
    unmount(lab.target)


@pytest.mark.parametrize("name", BROKEN_VERITY)
@pytest.mark.parametrize("volume_type", ("layer_raw_block", "from_the_future"))
def test_broken_verity(helper, lab, name, volume_type):
    member, value, phrase = BROKEN_VERITY[name]
    volume = changed(changed(VOLUME, "volume_type", volume_type), f"dm_verity.{member}", value)
    options = lab.options(lab.layers(2))
    assert_helper_refuses(helper, lab, 1, [kata_volume(volume), *options], f"{KATA}: dm_verity: {phrase}:")
    several = [kata_volume(), extra_option(), kata_volume(volume), kata_volume()]
    assert_helper_refuses(helper, lab, 1, [*options, *several], f"{KATA} 2 of 3: dm_verity: {phrase}:")


@pytest.mark.parametrize("name", STRICT_PAYLOADS)
def test_payload_that_only_the_strict_policy_refuses(helper, lab, name):
    option, phrases = STRICT_PAYLOADS[name]
    options = [*lab.options(lab.layers(2)), option]
    assert_helper_refuses(helper, lab, 1, [*options, STRICT], *phrases)
    assert_helper_refuses(helper, lab, 1, [STRICT, *options], *phrases)
    for policy in ((), ("nydus.payload=compatible",), ("nydus.payload=ignore",)):
        check(run_helper(helper, lab.target, *options, *policy))
        unmount(lab.target)


def test_good_payloads(helper, lab):
    options = lab.options(lab.layers(2))
    quoted = f'{EXTRA}="{encode(EXTRA_OPTION)}"'
    longest = extra_option(changed(EXTRA_OPTION, "config", "x" * 90000))
    for words in ((extra_option(), kata_volume()), (kata_volume(),) * 20, (longest,), (quoted,)):
        for policy in ((), (STRICT,)):
            check(run_helper(helper, lab.target, *words, *options, *policy))
            assert_content(lab.target, 2)
            unmount(lab.target)


def test_number_of_payloads(helper, lab):
    """One for every layer that the kernel takes, and one more."""
    options = lab.options(lab.layers(2))
    small = kata_volume({"volume_type": "x"})
    check(run_helper(helper, lab.target, *options, *[small] * 501))
    unmount(lab.target)
    assert_helper_refuses(helper, lab, 1, [*options, *[small] * 502], "501")


BAD_OPTIONS = {
    "containerd": ("X-containerd.mkdir=1", "X-containerd.mkdir"),
    "bind": ("bind", "bind"),
    "rbind": ("rbind", "rbind"),
    "move": ("move", "move"),
    "uidmap": ("uidmap=0:0:1", "uidmap"),
    "gidmap": ("gidmap=0:0:1", "gidmap"),
    "unknown-of-ours": ("nydus.unknown=1", "nydus.unknown"),
    "unknown-mode": ("nydus.mode=other", "nydus.mode"),
    "unknown-policy": ("nydus.payload=none", "nydus.payload"),
    "policy-without-value": ("nydus.payload", "nydus.payload"),
    "kata-without-container": ("nydus.mode=kata", "nydus.container"),
    "container-without-kata": ("nydus.container=c1", "nydus.mode=kata"),
    "container-with-slash": ("nydus.mode=kata,nydus.container=../c1", "nydus.container"),
    "bad-socket": ("nydus.mode=kata,nydus.container=c1,nydus.apisock=api", "nydus.apisock"),
    "bad-layout": ("nydus.mode=kata,nydus.container=c1,nydus.layout=py", "nydus.layout"),
    "payload-without-value": ("extraoption", "extraoption"),
    "open-quote": ('context="a', "quote"),
    "text-behind-quote": ('context="a"b', "quote"),
    "overlay-word-on-remount": ("remount", "lowerdir"),
    "upper-without-work": ("upperdir=/run", "workdir"),
    "empty-upper": ("upperdir=", "upperdir"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_option(helper, lab, name):
    option, phrase = BAD_OPTIONS[name]
    options = lab.options(lab.layers(2), writable=False)
    assert_helper_refuses(helper, lab, 1, [*options, option], str(lab.target), phrase)
    assert_helper_refuses(helper, lab, 1, [option, *options], str(lab.target), phrase)


BAD_COMMAND_LINES = {
    "nothing": (),
    "source-only": ("overlay",),
    "no-options": ("overlay", "{target}"),
    "no-target": ("overlay", "-o", "lowerdir=/a:/b"),
    "three-words": ("overlay", "{target}", "more", "-o", "lowerdir=/a:/b"),
    "unknown-letter": ("overlay", "{target}", "-q", "-o", "lowerdir=/a:/b"),
    "unknown-letter-in-a-cluster": ("overlay", "{target}", "-vq", "-o", "lowerdir=/a:/b"),
    "unknown-long-option": ("overlay", "{target}", "--flagfile=/etc/passwd", "-o", "lowerdir=/a:/b"),
    "no-argument": ("overlay", "{target}", "-o"),
    "other-type": ("overlay", "{target}", "-t", "ext4", "-o", "lowerdir=/a:/b"),
    "no-lower": ("overlay", "{target}", "-o", "rw"),
    "no-such-namespace": ("overlay", "{target}", "-N", "/proc/0/ns/mnt", "-o", "lowerdir=/a:/b"),
    "namespace-is-a-file": ("overlay", "{target}", "-N", "/etc/passwd", "-o", "lowerdir=/usr:/etc"),
    "namespace-of-another-kind": ("overlay", "{target}", "-N", "/proc/self/ns/net", "-o", "lowerdir=/usr:/etc"),
}


@pytest.mark.parametrize("name", BAD_COMMAND_LINES)
def test_bad_command_line(helper, lab, name):
    words = [word.format(target=lab.target) for word in BAD_COMMAND_LINES[name]]
    assert_refused(lab, lambda: run(helper.path, *words), 1)


def test_unknown_letters_are_passed_over_with_s(helper, lab):
    options = lab.options(lab.layers(2))
    for switches in (("-s", "-q"), ("-qs",), ("-qvs",), ("-z", "-s")):
        check(run_helper(helper, lab.target, *options, switches=switches))
        assert_content(lab.target, 2)
        unmount(lab.target)
