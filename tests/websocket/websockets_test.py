# SPDX-License-Identifier: Apache-2.0
"""Weft's WebSocket against the Python package websockets: each reads what the other one writes, and both
read the same in bytes that have been changed.

usage: websockets_test.py WEFT_TOOL [SEED [COUNT]]
"""

import collections
import dataclasses
import random
import subprocess
import sys
import zlib

SKIPPED = 77  # what CMakeLists.txt tells ctest
try:
    from websockets.connection import OPEN, Connection, Side
    from websockets.extensions.permessage_deflate import PerMessageDeflate
    from websockets.frames import DATA_OPCODES, OP_CLOSE, OP_CONT, Close
except ImportError as error:
    print(f"skipped: websockets is not installed ({error})")
    sys.exit(SKIPPED)

# Why weft refuses what websockets accepts, or does so earlier: a part of the text that weft gives.
STRICTER = [
    "a text is not UTF-8",  # at the first byte; websockets leaves it to others
    "is written with more bytes than it needs",
    "is reserved", "reserved bits", "is fragmented", "more than 125 bytes", "continues a message",
    "begins within another one", "is marked as compressed",  # before the payload has come
    "passes message_bytes_max",  # of all fragments together
    "cannot be decompressed",  # a message that ends within a block
    "of more than 63 bits",
]
TEXTS = ["", "a", "Hello", "€uro", "x" * 126, "y" * 70000, "z\N{GRINNING FACE}" * 50]


class Deflate(PerMessageDeflate):
    """Takes a compressed message without a byte for an empty one, as weft does: zlib writes nothing for nothing, and
    some send it so. websockets decompresses the end of a block that has not begun, and reads all behind it wrong.

    has_ended: whether a stream of deflate has ended. RFC 7692 §7.2.3.4 lets another one follow, as weft does;
    websockets finds nothing behind it."""

    def __init__(self, is_alone):
        super().__init__(False, is_alone, 15, 15)
        self.is_alone = is_alone
        self.taken = 0  # bytes of the message
        self.has_ended = False

    def decode(self, frame, **options):
        if frame.opcode not in DATA_OPCODES:
            return frame
        if frame.opcode is not OP_CONT:
            self.taken = 0
            if self.is_alone:
                self.decoder = zlib.decompressobj(-15)
        self.taken += len(frame.data)
        if (frame.rsv1 or self.decode_cont_data) and frame.fin and self.taken == 0:
            self.decode_cont_data = False
            return dataclasses.replace(frame, rsv1=False)
        try:
            return super().decode(frame, **options)
        finally:
            self.has_ended |= self.decoder.eof


def make_connection(role, context):
    connection = Connection(Side.SERVER if role == "server" else Side.CLIENT, OPEN, max_size=100_000)
    if context != "plain":
        connection.extensions = [Deflate(context == "alone")]
    return connection


def write_frames(chance, role, context):
    """Frames as the other side of `role` sends them."""
    sender = make_connection("client" if role == "server" else "server", context)
    for _ in range(chance.randrange(1, 5)):
        text = chance.choice(TEXTS).encode()
        match chance.randrange(5):
            case 0:
                sender.send_text(text)
            case 1:
                sender.send_binary(text)
            case 2:
                sender.send_ping(text[:125])
            case 3:
                sender.send_pong(text[:125])
            case 4:
                cut = chance.randrange(len(text) + 1)
                sender.send_text(text[:cut], fin=False)
                if chance.randrange(2):
                    sender.send_ping(b"between")
                sender.send_continuation(text[cut:], fin=True)
    if chance.randrange(3) == 0:
        sender.send_close(chance.choice([1000, 1001, 3000]), "bye €")
    return b"".join(sender.data_to_send())


def mutate(chance, data):
    data = bytearray(data)
    for _ in range(chance.choice([0, 1, 1, 2])):
        if not data:
            break
        at = chance.randrange(min(len(data), 40))
        match chance.randrange(3):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.choice([1, 2, 4])]
            case 2:
                data[at:at] = bytes(chance.choice([0, 1, 0x7F, 0x80, 0x81, 0xC1, 0xFE, 0xFF]) for _ in range(2))
    return bytes(data)


def read_all(role, context, data):
    """What websockets finds: messages as weft's tool writes them, the code of the error and the error, or None, and
    whether it has read all."""
    receiver = make_connection(role, context)
    receiver.receive_data(data)
    messages, parts, kind = [], b"", None
    for frame in receiver.events_received():
        if frame.opcode in DATA_OPCODES:
            kind = kind if frame.opcode is OP_CONT else frame.opcode
            parts += frame.data
            if frame.fin:
                messages.append(f"{int(kind)}:0:{parts.hex()}")
                parts = b""
        elif frame.opcode is OP_CLOSE:
            close = Close.parse(frame.data)
            messages.append(f"8:{close.code}:{close.reason.encode().hex()}")
        else:
            messages.append(f"{int(frame.opcode)}:0:{frame.data.hex()}")
    error = receiver.parser_exc
    code = None if error is None or isinstance(error, EOFError) else receiver.close_sent.code
    return messages, code, error, not any(extension.has_ended for extension in receiver.extensions)


def judge_reading(role, context, data, answer, counts):
    found, _, refusal = answer.partition("!")
    ours = found.split()
    theirs, code, error, is_all = read_all(role, context, data)
    if not is_all:
        counts["websockets has not read all: a stream of deflate has ended"] += 1
        return None
    if not refusal and ours[-1:] and ours[-1].startswith("8:") and "incomplete fragmented message" in str(error):
        # RFC 6455 §5.4: a control frame may come between fragments, and so may this one.
        counts["only websockets refuses: a close within a message"] += 1
        return None if ours[:-1] == theirs else f"before the close, websockets finds {theirs}"
    if not refusal:
        return None if ours == theirs and code is None else f"websockets finds {theirs} {error!r}"
    if ours != theirs[: len(ours)]:
        return f"before the error, websockets finds {theirs}"
    if code is not None and len(theirs) == len(ours):
        counts[f"both refuse, with {refusal[:4]} and {code}"] += 1
        return None
    if any(part in refusal for part in STRICTER):
        counts["only weft refuses: " + next(part for part in STRICTER if part in refusal)] += 1
        return None
    return f"websockets accepts {theirs}"


def make_reading(chance):
    role = chance.choice(["client", "server"])
    context = chance.choice(["plain", "deflate", "alone"])
    return role, context, mutate(chance, write_frames(chance, role, context))


def make_writing(chance):
    role = chance.choice(["client", "server"])
    context = chance.choice(["plain", "deflate", "alone"])
    messages = [(chance.choice([1, 2, 9, 10]), chance.choice(TEXTS).encode()) for _ in range(chance.randrange(1, 6))]
    messages = [(kind, data[:125] if kind > 8 else data) for kind, data in messages]
    return role, context, messages


def main():
    tool = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
    chance = random.Random(seed)
    readings = [make_reading(chance) for _ in range(count)]
    writings = [make_writing(chance) for _ in range(count // 4)]
    lines = [f"read {role} {context} {data.hex()}" for role, context, data in readings]
    lines += [f"write {role} {context} " + ",".join(f"{kind}:{data.hex()}" for kind, data in messages)
              for role, context, messages in writings]
    done = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(lines), f"{len(answers)} answers to {len(lines)} cases"

    counts, failed = collections.Counter(), []
    for case, answer in zip(readings, answers, strict=False):
        if wrong := judge_reading(*case, answer, counts):
            failed.append(f"{case[0]} {case[1]} {case[2][:60].hex()}: weft finds {answer[:200]}; {wrong[:300]}")
    for (role, context, messages), answer in zip(writings, answers[count:], strict=True):
        wanted = [f"{kind}:0:{data.hex()}" for kind, data in messages]
        other = "client" if role == "server" else "server"
        theirs, code, error, _ = read_all(other, context, bytes.fromhex(answer))
        if theirs != wanted or code is not None:
            failed.append(f"what weft writes as {role}, {context}: {error!r}")
    for topic, number in sorted(counts.items()):
        print(f"{number:6} {topic}")
    for line in failed[:10]:
        print(line)
    print(f"{len(lines)} cases, {len(failed)} unexplained; seed {seed}")
    return 1 if failed else 0


sys.exit(main())
