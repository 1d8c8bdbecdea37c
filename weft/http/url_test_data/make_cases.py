#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a C++ source of the cases of the web platform's tests, with the differences that are listed.

usage: make_cases.py FOLDER OUTPUT

Ends with an error where a difference is listed for no case.
"""

import json
import sys
from pathlib import Path

PARTS = "href origin protocol username password host hostname port pathname search hash".split()


def utf8(text):
    """The text as a browser gives it to its parser: surrogates that have no partner are replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def literal(text):
    plain = (chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03o}" for byte in utf8(text))
    return '"' + "".join(plain) + '"sv'


def read_differences(path):
    """Returns {(input, base): reason}."""
    found, decoder = {}, json.JSONDecoder()
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        values, at = [], 0
        while line[at] == '"':
            value, at = decoder.raw_decode(line, at)
            values.append(value)
            at += 1
        found[values[0], values[1] if len(values) > 1 else None] = line[at:]
    return found


def url_case(case, differences):
    base = case["base"]
    fields = [f".input = {literal(case['input'])}"]
    if base is not None:
        fields.append(f".base = {literal(base)}")
    if case.get("failure"):
        fields.append(".failure = true")
    if "relativeTo" in case:
        fields.append(f".relative_to = {literal(case['relativeTo'])}")
    fields += [f".{part} = {literal(case[part])}" for part in PARTS if part in case]
    reason = differences.pop((case["input"], base), "")
    fields.append(f".difference = {literal(reason)}")
    return "    {" + ", ".join(fields) + "},\n"


def host_case(case, differences):
    output = "std::nullopt" if case["output"] is None else literal(case["output"])
    reason = differences.pop((case["input"], None), "")
    return f"    {{{literal(case['input'])}, {output}, {literal(reason)}}},\n"


def main():
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    differences = read_differences(folder / "differences.txt")

    def cases(name, make):
        data = json.loads((folder / name).read_text())
        return "".join(make(case, differences) for case in data if isinstance(case, dict))

    urls = cases("urltestdata.json", url_case)
    hosts = cases("toascii.json", host_case)
    for missing in differences:
        sys.exit(f"differences.txt lists {missing}, which is no case")
    output.write_text(
        "#include <weft/http/url_cases_test.hpp>\n\n#include <optional>\n#include <vector>\n\n"
        "namespace weft::http {\n\nusing namespace std::string_view_literals;\n\n"
        "const std::vector<URLCase> url_cases = {\n" + urls + "};\n\n"
        "const std::vector<HostCase> host_cases = {\n" + hosts + "};\n\n"
        "}  // namespace weft::http\n"
    )


if __name__ == "__main__":
    main()
