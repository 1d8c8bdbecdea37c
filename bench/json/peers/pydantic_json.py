# SPDX-License-Identifier: Apache-2.0
"""pydantic, from text to models and back; see bench/README.md for the contract."""

import os
import sys
import time
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

DOCUMENTS = Path(__file__).parent.parent / "documents"
SCALE = float(os.environ.get("WEFT_BENCH_SCALE", "1"))


class Line(BaseModel):
    sku: str
    quantity: int
    price: float


class Order(BaseModel):
    id: int
    customer: str
    email: str
    express: bool
    total: float
    currency: str
    note: str | None
    items: list[Line]
    tags: list[str]


class Post(BaseModel):
    id: int
    author: str
    title: str
    body: str
    likes: int
    replies: list[int]


class Point(BaseModel):
    lat: float
    lon: float
    ele: float
    time: int


class Track(BaseModel):
    name: str
    points: list[Point]


class Embedding(BaseModel):
    model: str
    index: int
    vector: list[float]


TYPES = {
    "order": Order,
    "orders": list[Order],
    "posts": list[Post],
    "track": Track,
    "embedding": Embedding,
}


def measure(name, run):
    wanted = 0.1 * SCALE
    count, is_warm = 16, False
    while True:
        start = time.perf_counter()
        for _ in range(count):
            run()
        elapsed = time.perf_counter() - start
        if is_warm and elapsed >= wanted / 2:
            print(f"{name} {elapsed * 1e9 / count:.2f} ns", flush=True)
            return
        count, is_warm = int(count * wanted / elapsed) + 1, True


for document, type_ in TYPES.items():
    adapter = TypeAdapter(type_)
    text = (DOCUMENTS / f"{document}.json").read_bytes()
    value = adapter.validate_json(text)
    for name, run in {
        f"read_{document}": lambda: adapter.validate_json(text),
        f"write_{document}": lambda: adapter.dump_json(value),
    }.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            measure(name, run)
