# SPDX-License-Identifier: Apache-2.0
"""Weft's content codings, forms, dates and file names against Python's zlib, gzip and email.

usage: python_test.py WEFT_PEER [SEED [COUNT]]
"""

import datetime
import email
import email.message
import email.policy
import email.utils
import gzip
import random
import subprocess
import sys
import zlib

WORDS = [b"", b"a", b"hello, world\n", b"\r\n--a-boundar", b"\r\n", b"\0", b"0123456789" * 50, bytes(range(256))]
NAMES = ["a", "photo 1", "caf\u00e9", "a;b=c", "semi;colon", "100%", "it's", "x" * 200]


class Peer:
    """Collects questions with what is to be done about the answers."""

    def __init__(self, command):
        self.command = command
        self.lines, self.checks = [], []

    def ask(self, check, what, *words):
        words = [word.encode() if isinstance(word, str) else word for word in words]
        self.lines.append(" ".join([what, *("-" + word.hex() for word in words)]))
        self.checks.append(check)

    def run(self):
        """Returns how many answers are wrong."""
        done = subprocess.run(
            [self.command], input="\n".join(self.lines) + "\n", capture_output=True, text=True, check=True)
        answers = done.stdout.splitlines()
        assert len(answers) == len(self.lines), f"{len(answers)} answers to {len(self.lines)} questions"
        wrong = 0
        for line, answer, check in zip(self.lines, answers, self.checks, strict=True):
            words = None if answer.startswith("!") else [bytes.fromhex(word[1:]) for word in answer.split()]
            if not check(words):
                wrong += 1
                print(f"wrong: {line[:300]}\n    -> {answer[:300]}")
        return wrong


def make_content(chance):
    return b"".join(chance.choices(WORDS, k=chance.randrange(20)))


def compress(chance, content, wbits):
    """With any level, strategy, window and flushes that zlib has."""
    coder = zlib.compressobj(
        chance.randrange(10), zlib.DEFLATED, wbits - (wbits > 0 or -1) * chance.randrange(7), chance.randrange(1, 10),
        chance.choice([zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]))
    data = b""
    while content:
        size = chance.randrange(1, 400)
        data += coder.compress(content[:size]) + coder.flush(chance.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK]))
        content = content[size:]
    return data + coder.flush()


def damage(chance, data, begin):
    data = bytearray(data)
    match chance.randrange(5 if len(data) > begin else 2):
        case 0:
            return bytes(data[: chance.randrange(1, len(data))])
        case 1:
            return bytes(data) + chance.choice([b"\0", b"\0\0\0", b"x", b"\x1f", b"\x1f\x8b", b"\x1f\x8c", b"\0x"])
        case _:
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(begin, len(data))] ^= 1 << chance.randrange(8)
            return bytes(data)


def read_gzip(data):
    try:
        return gzip.decompress(data)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return None


def read_deflate(data, wbits):
    coder = zlib.decompressobj(wbits)
    try:
        content = coder.decompress(data)
    except zlib.error:
        return None
    return content if coder.eof and not coder.unused_data else None


def ask_codings(peer, chance):
    content = make_content(chance)
    level = str(chance.randrange(10))
    pieces = [make_content(chance) for _ in range(chance.randrange(1, 4))]
    whole = b"".join(pieces)
    peer.ask(lambda words: gzip.decompress(words[0]) == whole, "compress", "gzip", level, *pieces)
    peer.ask(lambda words: zlib.decompress(words[0]) == whole, "compress", "deflate", level, *pieces)

    def is_as(expected):
        return lambda words: words == (None if expected is None else [expected])

    members = b"".join(compress(chance, part, 31) for part in pieces)
    peer.ask(is_as(whole), "decompress", "gzip", members)
    damaged = damage(chance, compress(chance, content, 31), 10)
    peer.ask(is_as(read_gzip(damaged)), "decompress", "gzip", damaged)
    for wbits in (15, -15):
        data = compress(chance, content, wbits)
        peer.ask(is_as(content), "decompress", "deflate", data)
        damaged = damage(chance, data, 2)
        if len(damaged) > 1:
            peer.ask(is_as(read_deflate(damaged, wbits)), "decompress", "deflate", damaged)


def ask_forms(peer, chance):
    fields = [(chance.choice(NAMES), chance.choice(["", *NAMES]), make_content(chance)) for _ in range(chance.randrange(5))]

    def is_read_by_email(words):
        message = email.message_from_bytes(b"Content-Type: " + words[0] + b"\r\n\r\n" + words[1])
        parts = message.get_payload() if fields else []
        return [(part.get_param("name", header="content-disposition"), part.get_filename() or "",
                 part.get_payload(decode=True)) for part in parts] == [
            (name, filename, content) for name, filename, content in fields]

    def in_lines(content):  # what email's parser makes of line breaks is its own
        return content.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")

    fields = [(name, filename, in_lines(content)) for name, filename, content in fields if name.isascii() and filename.isascii()]
    peer.ask(is_read_by_email, "form", *(word for field in fields for word in field))

    boundary = "=_" + chance.choice(["a", "b:c", "(d)'+/?"])
    body = "".join(
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"" + (f"; filename=\"{filename}\"" if filename else "")
        + "\r\n\r\n" for name, filename, _ in fields[:1]).encode()
    if fields:
        body += fields[0][2] + f"\r\n--{boundary}--\r\n".encode()
        peer.ask(lambda words: words == [fields[0][0].encode(), fields[0][1].encode(), fields[0][2]], "parts", boundary, body)


def ask_dates(peer, chance):
    seconds = chance.randrange(-(10**9), 10**10)
    time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    text = email.utils.format_datetime(time, usegmt=True)
    peer.ask(lambda words: words == [str(seconds).encode(), text.encode()], "date", text)
    peer.ask(lambda words: words[0] == str(seconds).encode(), "date", time.strftime("%a %b %e %H:%M:%S %Y"))
    if 1970 <= time.year < 2069:
        peer.ask(lambda words: words[0] == str(seconds).encode(), "date", time.strftime("%A, %d-%b-%y %H:%M:%S GMT"))


def ask_filenames(peer, chance):
    name = "".join(chance.choices("ab .\"\\;%'*\u00e9\u20ac\U0001f600=", k=chance.randrange(1, 12)))

    def is_read_by_email(words):
        message = email.message.Message()
        plain, star, extended = words[0].decode().partition("filename*=")
        # Of both spellings, email would take the one for old programs.
        message["Content-Disposition"] = "attachment; " + star + extended if star else plain
        return message.get_filename() == name.strip() and words[1].decode() == name  # email drops spaces

    peer.ask(is_read_by_email, "filename", name)


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    chance = random.Random(seed)
    peer = Peer(sys.argv[1])
    for _ in range(count):
        ask_codings(peer, chance)
        ask_forms(peer, chance)
        ask_dates(peer, chance)
        ask_filenames(peer, chance)
    wrong = peer.run()
    print(f"{len(peer.lines)} questions, {wrong} answers differ from Python's; seed {seed}")
    return 1 if wrong else 0


sys.exit(main())
