# SPDX-License-Identifier: Apache-2.0
"""Generated payloads, right and wrong: JSON of every object, base64, verity labels and heads of images.

A generator takes a random.Random, so that a seed gives the same inputs again.
"""

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Raw:
    """A piece of JSON text, written as it is. Lone surrogates stand for bytes that are no UTF-8."""

    text: str


@dataclass(frozen=True)
class Members:
    """A JSON object whose keys may repeat."""

    pairs: tuple


TEXTS = (
    "", "ro", "/dev/sdb", "erofs", "rafsv6", "/a b", "key=value", "<a href='x'>&amp;", 'quote " and \\', "\u2028\u2029",
    "\b\f\n\r\t", "\x00\x01\x0b\x1f\x7f", "é\u00a0\ufffd", "\U0001f600", "ſK", '{"device":{"id":"/3"}}', "x" * 300,
)
NUMBERS = (
    "0", "1", "512", "4096", "16384", "8388608", "4294967295", "4294967296", "9007199254740993", "18446744073709551615",
)
WRONG = (
    "null", "true", "false", "[]", "{}", "1", '""', '"1"', "-0", "-1", "1.0", "1e3", "0.5", "18446744073709551616",
    "1" * 400, "1e400", "-1e400", "[null]", '["a",1]', '{"a":1}', '{"a":null}', '{"a":{"b":[]}}',
    '"\\ud83d\\ude00"', '"\\u0000"', '"\\/"', '"\\ud800"', '"\\udc00x"', '"\udcff"', '"\udced\udca0\udc80"',
)
NO_JSON = (
    "01", "+1", ".5", "1.", "0x10", "1_0", "NaN", "nul", "'a'", '"\\x"', '"\\u12g4"', '"\t"', '"\n"', '"', "{,}", "[1,]", "",
)
VOLUME_TYPES = (
    "direct_block", "image_raw_block", "layer_raw_block", "image_nydus_block", "layer_nydus_block", "image_nydus_fs",
    "layer_nydus_fs", "image_guest_pull",
)
# Mostly nothing; of the others, the last two only look like a blank to Go.
BLANKS = (
    "", "", "", "", " ", "\t", "\r", "\u00a0", "\u3000", "\u2028", "\u0085", "\n", "\r\n", "\v\f", "\u200b", "\ufeff",
)


def _text(random):
    return random.choice(TEXTS)


def _number(random):
    return Raw(random.choice(NUMBERS))


def _strings(random):
    return [_text(random) for _ in range(random.randrange(4))]


def _map(random):
    return Members(tuple((_text(random), _text(random)) for _ in range(random.randrange(4))))


def _metadata(random):
    return Members((("metadata", _map(random)),))


def _volume_type(random):
    return random.choice((*VOLUME_TYPES, *VOLUME_TYPES, "", "of_tomorrow", "Direct_Block"))


def _hash(random):
    digits = random.choice((64, 64, 64, 64, 40, 63))
    return "".join(random.choice("0123456789abcdefABCDEF" if digits != 63 else "0g") for _ in range(digits))


def _verity(random):
    """Half of them valid."""
    block, hash_block = random.choice((512, 512, 4096, 3000, 524288)), random.choice((512, 4096, 524288))
    blocks = random.choice((1, 2361, 16384, 4294967295))
    offset = -(-block * blocks // hash_block) * hash_block
    pairs = [
        ("hashtype", random.choice(("sha256", "sha256", "SHA256", "sha1", "md5"))),
        ("hash", _hash(random)),
        ("blocknum", Raw(str(blocks))),
        ("blocksize", Raw(str(block))),
        ("hashsize", Raw(str(hash_block))),
        ("offset", Raw(str(offset))),
    ]
    if random.random() < 0.3:
        place = random.randrange(2, 6)
        pairs[place] = (pairs[place][0], _number(random))
    return Members(tuple(pairs))


def _nydus_image(random):
    return Members((("config", _text(random)), ("snapshot_dir", _text(random))))


FIELDS = {
    "extra-option": {"source": _text, "config": _text, "snapshotdir": _text, "fs_version": _text},
    "volume": {
        "volume_type": _volume_type, "source": _text, "fs_type": _text, "options": _strings, "direct_volume": _metadata,
        "image_pull": _metadata, "nydus_image": _nydus_image, "dm_verity": _verity,
    },
    "mount-info": {"volume-type": _text, "device": _text, "fstype": _text, "metadata": _map, "options": _strings},
}
FOREIGN_KEYS = ("", "x", "sources", "salt", "hash_type", "no_superblock", "<key>", "\u2028")


def _folded(random, key):
    folded = key.upper() if random.random() < 0.5 else key.title()
    return folded.replace("S", random.choice("Sſ")).replace("K", random.choice("K\u212a"))


def _mess_up(random, pairs, mess):
    """Members with some values, keys and counts wrong, each with the probability `mess`."""
    result = []
    for key, value in pairs:
        if random.random() < mess:
            value = Raw(random.choice(WRONG))
        elif isinstance(value, Members):
            value = Members(_mess_up(random, value.pairs, mess))
        if random.random() < mess:
            result.append((key, value))
        if random.random() < mess:
            key = _folded(random, key)
        if random.random() >= mess / 2:
            result.append((key, value))
    if random.random() < mess:
        result.insert(random.randrange(len(result) + 1), (random.choice(FOREIGN_KEYS), Raw(random.choice(WRONG))))
    return tuple(result)


def _spell_text(random, text):
    spelled = json.dumps(text, ensure_ascii=random.random() < 0.5)
    return spelled.replace("/", random.choice(("/", "\\/"))).replace("a", random.choice(("a", "a", "\\u0061")))


def _spell(random, value):
    space = random.choice(("", "", "", " ", "\r\n\t"))
    if isinstance(value, Raw):
        return value.text + space
    if isinstance(value, str):
        return _spell_text(random, value) + space
    if isinstance(value, Members):
        members = (f"{_spell_text(random, key)}{space}:{space}{_spell(random, member)}" for key, member in value.pairs)
        return "{" + space + ",".join(members) + "}"
    return "[" + ",".join(_spell(random, element) for element in value) + space + "]"


def _damage(random, text):
    """The same text with one fault that no JSON parser should pass over, or that looks like one."""
    place = random.randrange(len(text) + 1)
    return random.choice((
        lambda: text[:place],
        lambda: text[:place] + text[place + 1:],
        lambda: text[:place] + random.choice(NO_JSON) + text[place:],
        lambda: text + random.choice((" ", "\n", "{}", ",", "x", "\x00")),
        lambda: random.choice((" ", "\ufeff", "\x00", "\udcef")) + text,
        lambda: random.choice(WRONG),
        lambda: random.choice(NO_JSON),
        lambda: "[" * place + text + "]" * place,
    ))()


def json_text(random, kind):
    """JSON text for an object of one kind, mostly right, sometimes wrong, seldom broken; as bytes."""
    if kind == "verity":
        pairs = _verity(random).pairs
    else:
        few = random.random() < 0.3
        fields = FIELDS[kind].items()
        pairs = tuple((key, make(random)) for key, make in fields if not few or random.random() < 0.7)
    value = Members(_mess_up(random, pairs, random.choice((0, 0, 0.03, 0.2))))
    text = _spell(random, value)
    if random.random() < 0.1:
        text = _damage(random, text)
    return text.encode("utf-8", "surrogateescape")


def base64_text(random, kind):
    """Base64 of such a text, every second time not in its canonical form."""
    text = base64.b64encode(json_text(random, kind)).decode()
    place = random.randrange(len(text) + 1)
    return random.choice((
        lambda: text, lambda: text, lambda: text, lambda: text,
        lambda: text[:place] + random.choice(("\n", "\r", "\r\n")) + text[place:],
        lambda: "\n".join(text[at:at + 76] for at in range(0, len(text), 76)) + "\n",
        lambda: text[:place] + random.choice((" ", "\t", "=", "-", "_", "%", "\x00", "é")) + text[place:],
        lambda: text.rstrip("="),
        lambda: text + random.choice(("=", "==", "A", "AAAA")),
        lambda: text.replace("=", "\n=", 1),
        lambda: text.replace("+", "-").replace("/", "_"),
        lambda: _with_unused_bits(text),
        lambda: text[:place],
    ))().encode()


def _with_unused_bits(text):
    body = text.rstrip("=")
    if len(body) == len(text):
        return text
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + text[len(body):]


def verity_label(random):
    """A label BLOCKS,OFFSET,sha256:HEX, mostly with something odd about it."""
    odd = random.random() < 0.8

    def blank():
        return random.choice(BLANKS) if odd and random.random() < 0.4 else ""

    blocks, offset = random.choice(((2361, 1212416), (1038, 532480), (1, 4096), (4294967295, 2199023255552)))
    numbers = [str(blocks), str(offset)]
    if odd and random.random() < 0.3:
        numbers[random.randrange(2)] = random.choice((
            "0", "00008", "+1", "-1", "1_0", "0x10", "1.0", "1e3", "", "١", "99999999999999999999", *NUMBERS))
    algorithm = "sha256:"
    if odd and random.random() < 0.2:
        algorithm = random.choice(("SHA256:", "sha1:", "sha256", "sha256::", ":"))
    behind = random.choice(("", "", "", " more", "\nmore", "\u2028", ",more", "\u200b", "\udcff", "\r\n"))
    text = (
        f"{blank()}{numbers[0]}{blank()},{blank()}{numbers[1]}{blank()},{blank()}{algorithm}{blank()}{_hash(random)}"
        f"{behind if odd else ''}"
    )
    if random.random() < 0.05:
        text = text[:random.randrange(len(text))]
    return text.encode("utf-8", "surrogateescape")


def image_head(random):
    """The start of a file: lengths at the borders of the super blocks, their magic numbers there or not."""
    head = bytearray(random.choice((0, 4, 7, 8, 512, 1023, 1024, 1027, 1028, 1151, 1152, 1407, 1408, 1409, 4096)))
    marks = ((0, b"SFAR"), (4, b"\x00\x05\x00\x00"), (1024, b"\xe2\xe1\xf5\xe0"))
    for place, mark in marks:
        if random.random() < 0.6 and len(head) >= place + len(mark):
            head[place:place + len(mark)] = mark
    if head and random.random() < 0.2:
        head[random.randrange(len(head))] ^= 1 << random.randrange(8)
    return bytes(head)
