# SPDX-License-Identifier: Apache-2.0
"""Questions to a program that answers line by line, as tests/setup/go/payload-oracle does."""

import base64
import json
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A command of the program and the bytes that it works on."""

    command: str
    text: bytes


@dataclass(frozen=True)
class Answer:
    """What came of it: the output if it was accepted, else the program's words for why not."""

    accepted: bool
    output: bytes = b""
    error: str = ""


def _line(question):
    return json.dumps({"command": question.command, "input": base64.b64encode(question.text).decode()})


def _answer(line):
    fields = json.loads(line)
    output = base64.b64decode(fields.get("output", ""), validate=True)
    return Answer(fields["accepted"], output, fields.get("error", ""))


def ask(program, questions):
    """The program's answer to each question, in their order."""
    lines = "".join(_line(question) + "\n" for question in questions)
    result = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    answers = [_answer(line) for line in result.stdout.split("\n")[:-1]]
    if len(answers) != len(questions):
        raise RuntimeError(f"{program}: {len(questions)} questions got {len(answers)} answers")
    return answers
