#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each test writes one piece of documentation and one program, and reads what the check says."""

import tempfile
import unittest
from pathlib import Path

import check_examples

HEADER = """\
/// Waits.
///
///     co_await sleep(1s);    // a while
///     co_await stop();
///
class Waiter;
"""


class CheckExamples(unittest.TestCase):
    def problems(self, name, text, program):
        with tempfile.TemporaryDirectory() as folder:
            for file, content in {name: text, "weft/io/a_test.cpp": program}.items():
                path = Path(folder) / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
            return check_examples.problems(Path(folder))

    def accepted(self, text, program, name="weft/io/a.hpp"):
        self.assertEqual(self.problems(name, text, program), [])

    def refused(self, text, program, line=1, name="weft/io/a.hpp"):
        found = self.problems(name, text, program)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{name}:{line}: "), found[0])

    def test_finds_an_example_whatever_the_white_space_and_the_comments(self):
        self.accepted(HEADER, "void f() { co_await sleep( 1s ); // now\n\n co_await\nstop(); }")

    def test_refuses_one_whose_lines_are_not_consecutive(self):
        self.refused(HEADER, "co_await sleep(1s); x(); co_await stop();", line=3)

    def test_does_not_look_into_the_comments_of_a_program(self):
        self.refused(HEADER, "// co_await sleep(1s);\n// co_await stop();", line=3)

    def test_an_empty_line_does_not_end_an_example(self):
        text = "/// Two:\n///\n///     a();\n///\n///     b();\n///\n/// Text."
        self.accepted(text, "a(); b();")
        self.refused(text, "a();", line=3)

    def test_dots_stand_for_code_up_to_the_bracket_around_them(self):
        text = "/// As in `call([&] { … stop(); … });`."
        self.accepted(text, "call([&] { if (x) { y(); } stop(); });")
        self.refused(text, "call([&] { x(); }); call([&] { }); stop();")

    def test_what_holds_no_semicolon_is_no_example(self):
        self.accepted("// A tree:\n//\n//     OSError > ConnectionError\n// and `f(x)`", "")

    def test_what_follows_text_without_an_empty_line_is_text(self):
        self.accepted("/// Errors:  this one;\n///          or that one; see there\n", "")

    def test_reads_code_between_backticks_across_lines_but_not_across_paragraphs(self):
        self.refused("/// Text\n/// of `f();\n/// g();`.", "f();", line=2)
        self.accepted("/// A lone `.\n///\n/// Text; text with a lone `.", "")

    def test_of_markdown_it_reads_the_blocks_that_are_cpp(self):
        text = "Text:\n\n```cpp\nf();\n```\n\n```sh\nls; pwd\n```\n"
        self.accepted(text, "f();", name="README.md")
        self.refused(text, "g();", line=4, name="README.md")


if __name__ == "__main__":
    unittest.main()
