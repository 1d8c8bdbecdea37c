#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each test writes a small tree of files and reads what check_layers says about it."""

import tempfile
import unittest
from pathlib import Path

import check_layers

TREE = {
    "base/CMakeLists.txt": "weft_module(base HEADERS check.hpp)",
    "io/CMakeLists.txt": "weft_module(io\n  DEPS base # not http\n  SOURCES dns.cpp)",
    "http/CMakeLists.txt": "weft_module(http DEPS base)\nadd_subdirectory(client)",
    "http/client/CMakeLists.txt": "weft_module(http/client DEPS http io TESTS a_test.cpp)",
    "testing/CMakeLists.txt": "weft_module(testing DEPS base io)",
    "CMakeLists.txt": "weft_umbrella(asyncio DEPS io)\nweft_umbrella(http TARGET web DEPS http/client)",
}


class CheckLayers(unittest.TestCase):
    def problems(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**TREE, **files}.items():
                path = Path(folder) / "weft" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.problems(Path(folder))

    def refused(self, name, line, reason):
        found = self.problems({name: f"#pragma once\n{line}\n"})
        self.assertEqual(len(found), 1, found)
        self.assertIn(f"weft/{name}:2: ", found[0])
        self.assertIn(reason, found[0])

    def accepted(self, name, line):
        self.assertEqual(self.problems({name: line}), [])

    def test_accepts_the_module_itself_and_what_it_lists(self):
        self.accepted("io/dns.cpp", "#include <weft/io/dns.hpp>")
        self.accepted("io/dns.cpp", "#include <weft/io/internal/ring.hpp>")
        self.accepted("io/dns.cpp", "#include <weft/base/check.hpp>")
        self.accepted("io/dns.cpp", "#include <liburing.h>")

    def test_a_listed_module_does_not_bring_its_own(self):
        self.refused("http/client/a.hpp", "#include <weft/base/check.hpp>", "base is not in the DEPS")

    def test_the_longest_module_name_owns_the_header(self):
        self.accepted("http/client/a.cpp", "#include <weft/http/url.hpp>")
        self.refused("http/url.cpp", "#include <weft/http/client/a.hpp>", "http/client is not in")

    def test_refuses_a_comment_as_a_dependency(self):
        self.refused("io/dns.cpp", "#include <weft/http/url.hpp>", "http is not in the DEPS of io")

    def test_refuses_the_internals_of_another_module(self):
        self.refused("io/dns.cpp", "#include <weft/base/internal/x.hpp>", "private to base")

    def test_refuses_quotes(self):
        self.refused("io/dns.cpp", '  # include "dns.hpp"', "write <weft/...>")

    def test_only_tests_include_test_libraries(self):
        self.accepted("io/dns_test.cpp", "#include <weft/testing/peer.hpp>\n#include <gtest/gtest.h>")
        self.accepted("io/dns_fuzz.cpp", "#include <weft/testing/peer.hpp>")
        self.accepted("testing/peer.hpp", "#include <gtest/gtest.h>")
        self.refused("io/dns.cpp", "#include <weft/testing/peer.hpp>", "only a test")
        self.refused("io/dns.hpp", "#include <gtest/gtest.h>", "only a test")

    def test_an_umbrella_includes_what_it_lists_and_no_module_includes_it(self):
        self.accepted("asyncio.hpp", "#include <weft/io/dns.hpp>")
        self.refused("asyncio.hpp", "#include <weft/http/url.hpp>", "not in the DEPS of asyncio")
        self.refused("io/dns.cpp", "#include <weft/asyncio.hpp>", "for users")

    def test_an_umbrella_may_have_the_name_of_a_module(self):
        self.accepted("http.hpp", "#include <weft/http/client/a.hpp>")
        self.refused("http.hpp", "#include <weft/http/url.hpp>", "http is not in the DEPS of http")
        self.refused("http/client/a.cpp", "#include <weft/http.hpp>", "for users")
        found = self.problems({"CMakeLists.txt": "weft_umbrella(http DEPS wep TARGET web)"})
        self.assertEqual(found, ["weft/http: DEPS names wep, which is no module"])

    def test_refuses_a_cycle(self):
        found = self.problems({"base/CMakeLists.txt": "weft_module(base DEPS http/client)"})
        self.assertEqual(found, ["cycle: base > http/client > http > base"])

    def test_refuses_an_unknown_module_in_deps(self):
        found = self.problems({"base/CMakeLists.txt": "weft_module(base DEPS bass)"})
        self.assertEqual(found, ["weft/base: DEPS names bass, which is no module"])


if __name__ == "__main__":
    unittest.main()
