# SPDX-License-Identifier: Apache-2.0
"""Weft's HTTP/1.1 parsers against Node's, on llhttp's own test messages, on others, and on mutations of these.

usage: node_test.py WEFT_READER [SEED [COUNT [CASES]]]    CASES: a file of lines for the readers

What Node accepts and weft refuses must be one of the differences that weft/http/wire/README.md
lists; what weft accepts, Node must read as the same messages.
"""

import collections
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIPPED = 77  # what CMakeLists.txt tells ctest

# Why weft refuses what Node accepts: a part of the text that weft gives.
STRICTER = {
    "Host": ["without Host", "a second Host", "is no Host"],
    "Content-Length": ["is no Content-Length", "a second Content-Length"],
    "Transfer-Encoding": ["other than exactly chunked", "a second Transfer-Encoding",
                          "a Transfer-Encoding in a message of HTTP/1.0",
                          "both Content-Length and Transfer-Encoding"],
    "bodies": ["a body is announced where"],
    "chunks": ["is no size of a chunk", "is no chunk extension", "must not be a trailer"],
    "first lines": ["a request begins with", "the reason phrase holds", "is a method for which the target", "is not supported: only", "is no version",
                    "is no status", "is no method"],
    "line breaks": ["a line ends with a line feed alone", "a header begins with white space",
                    "is no name of a header", "is a header without a colon"],
}
# Why Node refuses what weft accepts.
LAXER = {
    "HPE_INVALID_METHOD": "any token is a method",
    "HPE_INVALID_CONSTANT": "any token is a method",
    "HPE_CLOSED_CONNECTION": "bytes behind a message that ends the connection are left alone",
}

SPACED_EXTENSION = re.compile(rb"\r\n[0-9A-Fa-f]+([^\r\n]*[;=])?[ \t]+[;=A-Za-z\"]|[;=][ \t]")
TAB_BEHIND_LENGTH = re.compile(rb"\ncontent-length:[ \t]*[0-9]+ *\t", re.IGNORECASE)

REQUESTS = [
    b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
    b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiDELETE /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Space:  a \t b  \r\n\r\n",
    b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
    b"GET http://a.example/b HTTP/1.1\r\nHost: a.example\r\nX: \xc3\xa9\x80\r\n\r\n",
]
RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello",
    b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end",
    b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
]
LLHTTP = Path(__file__).with_name("llhttp_test_data") / "messages.txt"
IN_A_LINE = "weft accepts what Node refuses, even when the line is complete"
PIECES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"\x0b", b"\x7f", b"\x80", b":", b",", b";", b"+", b"-", b"_",
    b"0", b"1", b"9", b"a", b"f", b"g", b"0x", b"Content-Length: 3\r\n", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Host: b\r\n",
    b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: x\r\n", b"\r\n\r\n", b"chunked", b"99999999999999999999",
    b"X: y\r\n", b" : ", b"HTTP/1.1", b"\r\n folded", b"0\r\n\r\n", b";ext=1",
]


def mutate(chance, data):
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                del data[at : at + chance.choice([1, 1, 2, 5])]
            case 1:
                data[at:at] = chance.choice(PIECES)
            case 2:
                data[at : at + 1] = chance.choice(PIECES)
            case 3:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 4:
                starts = [0] + [i + 2 for i in range(len(data)) if data[i : i + 2] == b"\r\n"]
                data[chance.choice(starts) : 0] = chance.choice(PIECES)
    return bytes(data)


def llhttp_cases():
    """Requests that lack a Host come once more with one, so that weft refuses them for nothing else."""
    for line in LLHTTP.read_text().splitlines():
        if line.startswith("#"):
            continue
        kind, text = line.split(" ", 1)
        data = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text).encode("latin-1")
        yield kind, data
        if kind == "request" and not re.search(rb"\nhost *:", data, re.IGNORECASE):
            yield kind, data.replace(b" HTTP/1.1\r\n", b" HTTP/1.1\r\nHost: a\r\n")


def make_cases(seed, count):
    chance = random.Random(seed)
    cases = [("request", data) for data in REQUESTS] + [("response", data) for data in RESPONSES]
    cases += llhttp_cases()
    while len(cases) < count:
        if chance.randrange(3):
            cases.append(("request", mutate(chance, chance.choice(REQUESTS))))
        else:
            cases.append(("response", mutate(chance, chance.choice(RESPONSES))))
    return [f"{kind} {data.hex()}" for kind, data in cases]


def read_all(command, cases):
    done = subprocess.run(command, input="\n".join(cases) + "\n", capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(cases), f"{command[0]}: {len(found)} answers to {len(cases)} cases"
    return found


def without_text(message):
    """Node counts no reason phrase without a space before it, and drops spaces around values as weft does."""
    return {**message, "start": bytes.fromhex(message["start"]).strip().hex()}


def find_laxer(data, node):
    """Why Node refuses what weft accepts, if that is one of the known reasons."""
    problem = node.get("problem")
    if problem == "HPE_STRICT" and SPACED_EXTENSION.search(data):
        return "white space within a chunk extension (RFC 9112 §7.1.1)"
    if problem == "HPE_INVALID_CONTENT_LENGTH" and TAB_BEHIND_LENGTH.search(data):
        return "a tab behind a Content-Length (RFC 9110 §5.5)"
    return LAXER.get(problem)


def judge(data, weft, node, counts):
    """Returns what is wrong, or None; IN_A_LINE where that depends on the end of a line."""
    ours = [without_text(message) for message in weft["messages"]]
    theirs = [without_text(message) for message in node["messages"]]
    both = min(len(ours), len(theirs))
    reason = find_laxer(data, node)
    our_complete = [message for message in ours if message["complete"]]
    their_complete = [message for message in theirs if message["complete"]]
    if weft["outcome"] == "error":
        if our_complete[: len(theirs)] != theirs[: len(our_complete)]:
            return "messages before the error differ"
        if node["outcome"] == "error" and len(their_complete) <= len(our_complete):
            return None if reason or len(theirs) >= len(our_complete) else "Node refuses more"
        text = bytes.fromhex(weft["text"]).decode()
        for topic, parts in STRICTER.items():
            if any(part in text for part in parts):
                counts[f"stricter: {topic}"] += 1
                return None
        return f"Node accepts what weft refuses: {text}"
    if reason:
        # All that Node read before is the same; then it stops.
        if their_complete != ours[: len(their_complete)]:
            return "messages before what Node refuses differ"
        counts[f"laxer: {reason}"] += 1
        return None
    if ours[:both] != theirs[:both]:
        return "the messages differ"
    if node["outcome"] == "error":
        # What is behind the last message of a connection is nobody's.
        if weft["outcome"] == "stopped" and len(theirs) >= len(ours):
            return None
        return IN_A_LINE if weft["outcome"] == "more" else f"weft accepts what Node refuses: {node['problem']}"
    if weft["outcome"] == "stopped" or len(ours) == len(theirs):
        return None
    # RFC 9110 §7.8: in HTTP/1.0 an Upgrade is ignored, where Node stops.
    if b"HTTP/1.0" in data and node["outcome"] == "stopped":
        counts["differs: an Upgrade of HTTP/1.0"] += 1
        return None
    return "the messages differ"


def judge_lines(reader, cases, counts):
    """Weft judges a line when it is complete: with its line feed, what Node refuses is refused."""
    found = read_all([reader], [case + b"\n".hex() for case in cases]) if cases else []
    for case, ours in zip(cases, found, strict=True):
        if ours["outcome"] == "error":
            counts["later: at the end of the line"] += 1
        else:
            yield case, ours


def main():
    reader = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000
    node = shutil.which("node")
    if node is None:
        print("skipped: node is not installed")
        return SKIPPED
    cases = Path(sys.argv[4]).read_text().splitlines() if len(sys.argv) > 4 else make_cases(seed, count)
    weft = read_all([reader], cases)
    theirs = read_all([node, str(Path(__file__).with_name("node_reader.js"))], cases)
    counts = collections.Counter()
    failed = collections.defaultdict(list)
    for case, ours, node_found in zip(cases, weft, theirs, strict=True):
        if wrong := judge(bytes.fromhex(case.split(" ")[1]), ours, node_found, counts):
            failed[wrong.split(";")[0]].append((case, ours, node_found))
    in_lines = {case: node_found for case, _, node_found in failed.pop(IN_A_LINE, [])}
    for case, ours in judge_lines(reader, list(in_lines), counts):
        failed[IN_A_LINE].append((case, ours, in_lines[case]))
    for topic, number in sorted(counts.items()):
        print(f"{number:6} {topic}")
    for wrong, examples in failed.items():
        kind, data = examples[0][0].split(" ")
        print(f"{len(examples):6} {wrong}: for example the {kind} {bytes.fromhex(data)!r}")
        print(f"       weft {examples[0][1]}\n       node {examples[0][2]}")
    print(f"{len(cases)} cases, {sum(map(len, failed.values()))} unexplained; seed {seed}")
    return 1 if failed else 0


sys.exit(main())
