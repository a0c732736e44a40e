# SPDX-License-Identifier: Apache-2.0
"""Payloads read and written by this project and by the functions of nydus-snapshotter: the same inputs, generated.

Both sides are programs that answer line by line. An answer is the verdict and the text written from what was read. The
differences that are meant stand in DIFFERENCES, each with its reason and an input that shows it.
"""

import base64
import collections
import json
import os
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import KIND, skip
from nydus_stack import payload_inputs
from nydus_stack.payload_oracle import Question, ask
from nydus_stack.programs import MissingProgram, Programs

SEED = 20260401
INPUTS = 3000

GENERATORS = {
    "rewrite-extra-option": lambda chance: payload_inputs.json_text(chance, "extra-option"),
    "rewrite-volume": lambda chance: payload_inputs.json_text(chance, "volume"),
    "rewrite-verity": lambda chance: payload_inputs.json_text(chance, "verity"),
    "rewrite-mount-info": lambda chance: payload_inputs.json_text(chance, "mount-info"),
    "volume-from-json": lambda chance: payload_inputs.json_text(chance, "volume"),
    "volume-through-base64": lambda chance: payload_inputs.base64_text(chance, "volume"),
    "verity-from-json": lambda chance: payload_inputs.json_text(chance, "verity"),
    "verity-from-label": payload_inputs.verity_label,
    "detect-rafs": payload_inputs.image_head,
}

# Never part of a string, where the quotes would be escaped.
KATA_TYPES_MEMBER = re.compile(rb',"salt":"([^"\\]|\\.)*"|,"hash_type":\d+|,"no_superblock":true')


def refuses_with(words):
    """We refuse, with these words, what the snapshotter takes."""
    return lambda question, theirs, ours: theirs.accepted and not ours.accepted and words in ours.error


def in_json(question, text):
    """The text of a question or of its answer, out of base64 if that is what the command works on."""
    return base64.b64decode(text) if question.command == "volume-through-base64" else text


def keeps_kata_types_members(question, theirs, ours):
    """Both took it, and without these members what we wrote is what the snapshotter wrote, byte for byte."""
    written, without = in_json(question, ours.output), in_json(question, theirs.output)
    return theirs.accepted and ours.accepted and KATA_TYPES_MEMBER.sub(b"", written) == without


def has_list_twice_with_null(question, theirs, ours):
    """Both took it, the list came out differently, and a second list has a null."""
    if not (theirs.accepted and ours.accepted):
        return False
    lists = []

    def collect(pairs):
        lists.extend(value for key, value in pairs if key.casefold() == "options" and isinstance(value, list))
        return dict(pairs)

    json.loads(in_json(question, question.text), object_pairs_hook=collect)
    options = [json.loads(in_json(question, answer.output)).get("options") for answer in (theirs, ours)]
    return options[0] != options[1] and any(None in value for value in lists[1:])


@dataclass(frozen=True)
class Difference:
    name: str
    reason: str
    explains: object  # (question, their answer, our answer) -> whether this is it
    example: Question


DIFFERENCES = (
    Difference(
        "invalid UTF-8",
        "Go replaces the byte by U+FFFD: a path that is changed in silence is another path",
        refuses_with("invalid UTF-8"),
        Question("rewrite-extra-option", b'{"source":"/\xff"}'),
    ),
    Difference(
        "unpaired surrogate",
        "Go replaces it by U+FFFD, as above",
        refuses_with("unpaired surrogate"),
        Question("rewrite-extra-option", b'{"source":"\\ud800"}'),
    ),
    Difference(
        "deep nesting",
        "Go goes 10000 levels deep; no payload has more than 4",
        refuses_with("nested deeper than 32"),
        Question("rewrite-volume", b'{"x":' + b"[" * 32 + b"]" * 32 + b"}"),
    ),
    Difference(
        "number beyond a double",
        "Go evaluates no number below an unknown key; the parser used here evaluates every one",
        refuses_with("beyond the range of a double"),
        Question("rewrite-volume", b'{"x":1e400}'),
    ),
    Difference(
        "length",
        "Go has no limit; no payload gets through containerd beyond this one",
        refuses_with("is longer than 131072 bytes"),
        Question("rewrite-volume", b"{}" + b" " * 131072),
    ),
    Difference(
        "fields of kata-types",
        "Go drops salt, hash_type and no_superblock; here they survive, for kata-types",
        keeps_kata_types_members,
        Question("rewrite-verity", b'{"salt":"00","hash_type":0,"no_superblock":true}'),
    ),
    Difference(
        "null in a list given twice",
        "Go leaves there what the first list held at that place; here it is the empty string",
        has_list_twice_with_null,
        Question("rewrite-volume", b'{"options":["a"],"options":[null]}'),
    ),
)


@pytest.fixture(scope="module")
def snapshotter_functions():
    try:
        return Programs().payload_oracle
    except MissingProgram as missing:
        skip(KIND, str(missing))


@pytest.fixture(scope="module")
def our_functions():
    path = Path(os.environ.get("NYDUS_PAYLOAD_COUNTERPART", ""))
    if not path.is_file():
        pytest.fail("NYDUS_PAYLOAD_COUNTERPART is not set to a program", pytrace=False)
    return path.absolute()


def explanation(question, theirs, ours):
    """Empty if the answers are alike, else the name of the difference, or None for one that nobody meant."""
    if (theirs.accepted, theirs.output) == (ours.accepted, ours.output):
        return ""
    return next((known.name for known in DIFFERENCES if known.explains(question, theirs, ours)), None)


@pytest.mark.parametrize("command", GENERATORS)
def test_answers_are_alike_but_for_the_known_differences(command, snapshotter_functions, our_functions):
    chance = random.Random(f"{SEED} {command}")
    questions = [Question(command, GENERATORS[command](chance)) for _ in range(INPUTS)]
    asked = list(zip(questions, ask(snapshotter_functions, questions), ask(our_functions, questions)))
    explained = collections.Counter(explanation(*each) for each in asked)
    print(f"{command}: {sum(theirs.accepted for _, theirs, _ in asked)} of {INPUTS} accepted; {dict(explained)}")
    assert [each for each in asked if explanation(*each) is None] == []


@pytest.mark.parametrize("command", GENERATORS)
def test_generated_inputs_are_both_good_and_bad(command, snapshotter_functions):
    chance = random.Random(f"{SEED} {command}")
    answers = ask(snapshotter_functions, [Question(command, GENERATORS[command](chance)) for _ in range(INPUTS)])
    assert INPUTS * 0.1 < sum(answer.accepted for answer in answers) < INPUTS * 0.9


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.name)
def test_known_difference_is_still_there(difference, snapshotter_functions, our_functions):
    (theirs,), (ours,) = (ask(program, [difference.example]) for program in (snapshotter_functions, our_functions))
    assert explanation(difference.example, theirs, ours) == difference.name


def test_images_of_both_versions_are_told(snapshotter_functions, our_functions):
    heads = [Question("detect-rafs", payload_inputs.image_head(random.Random(seed))) for seed in range(INPUTS)]
    for program in (snapshotter_functions, our_functions):
        assert {answer.output for answer in ask(program, heads)} == {b"", b"v5", b"v6"}
