#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each example of the documentation occurs in a program that the tests build and run.

usage: check_examples.py [ROOT]

Documentation is Markdown, and so are the comments of headers. What is marked as code there and
holds a semicolon is an example: in a ```cpp block, on lines that are indented by four and follow
an empty one, or between backticks. White space and comments make no difference, and `…` stands for
any code that leaves no bracket open.
"""

import re
import sys
from pathlib import Path

DOCUMENTATION = ("*.md", "docs/**/*.md", "examples/**/*.md", "weft/**/*.md", "weft/**/*.hpp")
PROGRAMS = ("examples/**/*.cpp", "tests/docs/*.cpp", "weft/**/*_test.cpp")
COMMENT = re.compile(r"\s*///? ?(.*)")
CODE = re.compile(
    r"^ *```(?P<language>\w*)\n(?P<fenced>(?:.*\n)*?) *```$"
    r"|(?<=\n\n)(?P<indented> {4}.*(?:\n+ {4}.*)*)"
    r"|`(?P<inline>(?:[^`\n]|\n(?!\n))+)`",
    re.MULTILINE,
)
TOKEN = re.compile(r"""//.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|\w+|\S""")


def files(root, patterns):
    return sorted(path for pattern in patterns for path in root.glob(pattern))


def markdown_of(path):
    text = path.read_text()
    if path.suffix != ".hpp":
        return text
    comments = (COMMENT.fullmatch(line) for line in text.splitlines())
    return "\n".join(comment[1] if comment else "" for comment in comments)


def examples(text):
    """Yields the line and the code of each example in Markdown."""
    for found in CODE.finditer(text):
        code = found[found.lastgroup]
        if ";" in code and found["language"] in (None, "cpp"):
            yield text.count("\n", 0, found.start(found.lastgroup)) + 1, code


def tokens(code):
    return [token for token in TOKEN.findall(code) if not token.startswith("//")]


def any_code(program, at):
    """Yields where `…` may end that begins at `at`: anywhere before the bracket around it closes."""
    depth = 0
    while at < len(program) and depth >= 0:
        if depth == 0:
            yield at
        depth += (program[at] in "([{") - (program[at] in ")]}")
        at += 1


def fits(example, program, at):
    for index, token in enumerate(example):
        if token == "…":
            return any(fits(example[index + 1 :], program, end) for end in any_code(program, at))
        if program[at : at + 1] != [token]:
            return False
        at += 1
    return True


def occurs(example, program):
    words, vocabulary = program
    return vocabulary.issuperset(example) and any(
        fits(example, words, at) for at in range(len(words))
    )


def problems(root):
    programs = [tokens(path.read_text()) for path in files(root, PROGRAMS)]
    programs = [(words, {"…", *words}) for words in programs]
    return [
        f"{path.relative_to(root)}:{line}: in no program that is tested:\n{code}"
        for path in files(root, DOCUMENTATION)
        for line, code in examples(markdown_of(path))
        if not any(occurs(tokens(code), program) for program in programs)
    ]


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = problems(root)
    print("\n".join(found) or "every example is tested")
    sys.exit(1 if found else 0)
