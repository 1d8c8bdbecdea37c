# SPDX-License-Identifier: Apache-2.0
"""Weft's cookies against Python's: what one writes the other reads, and both write the same.

usage: python_test.py WEFT_TOOL [SEED [COUNT]]
"""

import email.utils
import http.cookiejar
import http.cookies
import io
import random
import string
import subprocess
import sys

NAME_BYTES = "!#$%&'*+-.^_`|~" + string.ascii_letters + string.digits
RESERVED = {name.lower() for name in http.cookies.Morsel._reserved} | {"$version"}


def any_text(chance, length=12):
    pieces = ['"', "\\", ";", ",", " ", "a", "0", "1", "7", "8", "\\1", "\\101", "/", "=", "\xe9", "\t", "\r\n", "\0"]
    return "".join(chance.choice(pieces) for _ in range(chance.randrange(length)))


def any_name(chance):
    while True:
        name = "".join(chance.choice(NAME_BYTES) for _ in range(chance.randrange(1, 9)))
        if name.lower() not in RESERVED and not name.startswith(("$", "__")):
            return name


def visible(text):
    return "".join(c for c in text if c >= " " and c not in "\x7f")


def make_quote(chance):
    text = any_text(chance)
    return "quote", text, http.cookies._quote(text)


def make_unquote(chance):
    text = any_text(chance)
    if chance.randrange(3):
        text = f'"{text}"'
    return "unquote", text, http.cookies._unquote(text)


def make_cookie(chance):
    pairs = {any_name(chance): visible(any_text(chance)) for _ in range(chance.randrange(1, 5))}
    header = "; ".join(f"{name}={http.cookies._quote(value)}" for name, value in pairs.items())
    read = http.cookies.SimpleCookie(header)
    assert {name: morsel.value for name, morsel in read.items()} == pairs, header
    return "cookie", header, "".join(f"{name}={value}\0" for name, value in pairs.items())


def make_set_cookie(chance):
    written = http.cookies.SimpleCookie()
    name = any_name(chance)
    written[name] = visible(any_text(chance))
    attributes = {
        "domain": lambda: chance.choice(["a.example", "example.com"]),
        "expires": lambda: email.utils.formatdate(chance.randrange(-2**33, 2**36), usegmt=True),
        "httponly": lambda: True,
        "max-age": lambda: chance.randrange(-5, 2**31),
        "path": lambda: chance.choice(["/", "/a/b", "/a%20b"]),
        "samesite": lambda: chance.choice(["Lax", "Strict", "None"]),
        "secure": lambda: True,
    }
    for attribute in chance.sample(sorted(attributes), chance.randrange(len(attributes) + 1)):
        written[name][attribute] = attributes[attribute]()
    header = written[name].OutputString()
    return "set-cookie", header, header


def make_jar(chance):
    text = "# Netscape HTTP Cookie File\n"
    seen = set()
    for _ in range(chance.randrange(6)):
        domain = chance.choice(["a.example", "b.a.example", "www.example.com"])
        below = chance.randrange(2)
        path = chance.choice(["/", "/a", "/a/b"])
        name = any_name(chance)
        if (domain, below, path, name) in seen:
            continue
        seen.add((domain, below, path, name))
        expires = chance.choice([0, 946684801, 981244800 - 1])
        fields = ["." * below + domain, ["FALSE", "TRUE"][below], path, chance.choice(["FALSE", "TRUE"]),
                  str(expires), name, http.cookies._quote(visible(any_text(chance)))]
        text += chance.choice(["", "#HttpOnly_"]) + "\t".join(fields) + "\n"
    return "jar", text, text


def cookies_of(text):
    """What Python's jar makes of such a text."""
    jar = http.cookiejar.MozillaCookieJar()
    jar._really_load(io.StringIO(text), "text", ignore_discard=True, ignore_expires=True)
    return sorted((c.domain, c.path, c.secure, c.expires, c.name, c.value) for c in jar)


def main():
    tool = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    chance = random.Random(seed)
    makers = [make_quote, make_unquote, make_cookie, make_set_cookie, make_jar]
    cases = [makers[number % len(makers)](chance) for number in range(count)]
    lines = "".join(f"{task} {data.encode('latin-1').hex()}\n" for task, data, _ in cases)
    done = subprocess.run([tool], input=lines, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(cases), f"{len(answers)} answers to {len(cases)} cases"
    failed = 0
    for (task, data, wanted), answer in zip(cases, answers, strict=True):
        found = bytes.fromhex(answer).decode("latin-1")
        if found == wanted and (task != "jar" or cookies_of(found) == cookies_of(wanted)):
            continue
        failed += 1
        if failed <= 10:
            print(f"{task} {data!r}: weft {found!r}, Python {wanted!r}")
    print(f"{len(cases)} cases, {failed} differ; seed {seed}")
    return 1 if failed else 0


sys.exit(main())
