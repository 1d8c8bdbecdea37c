# SPDX-License-Identifier: Apache-2.0
"""Weft's JSON Schemas against the packages jsonschema and pydantic.

1. Each schema is one by the metaschema of 2020-12.
2. It is pydantic's of the same model.
3. Of random texts, right and wrong, the reader takes those that jsonschema takes by the schema, and those that
   pydantic takes, with the same errors.

usage: schemas_test.py WEFT_TOOL [SEED [COUNT]]
"""

import copy
import datetime
import enum
import json
import random
import re
import subprocess
import sys
import uuid
from typing import Annotated, Any, Literal, Optional, Union

SKIPPED = 77  # what CMakeLists.txt tells ctest
try:
    import rfc3339_validator  # noqa: F401, without which jsonschema does not look at date-time
    from jsonschema import Draft202012Validator, FormatChecker
    from pydantic import AwareDatetime, BaseModel, Field, ValidationError
except ImportError as error:
    print(f"skipped: jsonschema, rfc3339-validator and pydantic are wanted ({error})")
    sys.exit(SKIPPED)


class Color(enum.Enum):
    red = "red"
    green = "green"
    dark_blue = "dark_blue"


class Inner(BaseModel):
    count: int = 1
    share: Annotated[float, Field(gt=0, le=1.5)]


class Scalars(BaseModel):
    flag: bool
    whole: int
    step: Annotated[int, Field(ge=-3, lt=100, multiple_of=3)] = 3
    real: float
    name: Annotated[str, Field(min_length=1, max_length=5)]
    code: Annotated[str, Field(alias="itemCode", pattern="^[a-z]+[0-9]?$")]
    color: Color = Color.green
    literal: Literal["only"]
    letter: Literal["a", "b"]
    note: Optional[str] = None
    bounded: Annotated[Optional[int], Field(gt=3)] = None
    nothing: None


class Containers(BaseModel):
    list: list[int]
    inners: Annotated[list[Inner], Field(min_length=1, max_length=3)]
    numbers: Annotated[set[int], Field(max_length=3)]
    pair: tuple[int, str]
    map: dict[str, int]
    named: Annotated[dict[str, Inner], Field(max_length=2)]
    either: Union[int, str, Inner]
    maybe: Optional[Union[bool, str]] = None
    any: Any
    anything: "list_[Any]"
    object: dict[str, Any]
    inner: Inner = Inner(count=2, share=1.0)


list_ = list
Containers.model_rebuild()


class Node(BaseModel):
    value: int
    children: list["Node"] = []
    next: Optional["Node"] = None


class Cat(BaseModel):
    kind: Literal["cat", "lion"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    bones: list[str]


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


class Owner(BaseModel):
    pet: Pet
    others: list[Pet]


class Times(BaseModel):
    at: AwareDatetime
    day: datetime.date
    length: datetime.timedelta
    id: uuid.UUID


PYDANTIC = {model.__name__: model for model in [Scalars, Containers, Node, Owner, Times]}
MODELS = [*PYDANTIC, "Narrow"]

# Of each format texts that it has, and texts that it lacks. What the RFC and pydantic see alike; what pydantic takes
# beyond is in weft/json/chrono_test.cpp.
FORMATS = {
    "date-time": (
        ["2026-01-02T03:04:05Z", "2024-02-29t23:59:59.5+01:30", "1969-12-31T23:59:59.999999-23:59", "0001-01-02T00:00:00Z"],
        ["", "2026", "2026-01-02T03:04:05", "2026-02-30T03:04:05Z", "2026-13-01T00:00:00Z", "2026-01-02T24:00:00Z",
         "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05.Z", "26-01-02T03:04:05Z", "2026-01-02T03:04:05Zz"]),
    "date": (
        ["2026-01-02", "2024-02-29", "0001-01-01", "9999-12-31"],
        ["", "2026-1-2", "2026-02-29", "2026-00-01", "2026-01-32", "20260102", "2026-01-02Z", "x"]),
    "duration": (["PT1H30M", "P1D", "P2W", "PT0S", "P1DT1H", "P3DT4H5M6S"], ["", "P", "PT", "P1S", "PT1D", "x", "P1DX"]),
    "uuid": (
        ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "F81D4FAE-7DEC-41D0-A765-00A0C91E6BF6"],
        ["", "x", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e279b0-7cc3-98c4-dc0c0c07398f0",
         "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"]),
}
TEXTS = ["", "a", "abc1", "abcdef", "ä€\U0001f600", "only", "b", "red", "cat", "dog", "a\n", "1", "0.5", "true",
         "2026-01-02"]
NUMBERS = [0, 1, -1, 2, 3, 4, 5, 6, 99, 100, -3, 127, 128, -128, -129, 255, 256, 65535, 65536, 2**31, -2**31, 2**31 - 1,
           2**63 - 1, -2**63, 0.5, 1.5, 1.25, -0.5, 2.75, 1e300]
SCALARS = [None, True, False, *NUMBERS, *TEXTS]


def make(chance, schema, root, depth=0):
    """A value that the schema takes."""
    if "$ref" in schema:
        return make(chance, root["$defs"][schema["$ref"].rpartition("/")[2]], root, depth + 1)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            options = schema[union]
            return make(chance, options[-1] if depth > 5 else chance.choice(options), root, depth + 1)
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object":
        return make_object(chance, schema, root, depth)
    if kind == "array":
        return make_array(chance, schema, root, depth)
    if kind in ("integer", "number", "string"):
        good = FORMATS[schema["format"]][0] if "format" in schema else SCALARS
        check = Draft202012Validator({key: schema[key] for key in schema if key != "format"})
        return chance.choice([value for value in good if check.is_valid(value)])
    return {"boolean": chance.choice([True, False]), "null": None}.get(kind, chance.choice(SCALARS))


def make_object(chance, schema, root, depth):
    names = [name for name in schema.get("properties", {})
             if name in schema.get("required", []) or (depth < 4 and chance.randrange(2))]
    value = {name: make(chance, schema["properties"][name], root, depth + 1) for name in names}
    other = schema.get("additionalProperties", False)
    if other:
        for _ in range(chance.randrange(min(schema.get("maxProperties", 3), 3) + 1)):
            value[chance.choice(TEXTS)] = make(chance, {} if other is True else other, root, depth + 1)
    return value


def make_array(chance, schema, root, depth):
    if "prefixItems" in schema:
        return [make(chance, each, root, depth + 1) for each in schema["prefixItems"]]
    least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
    size = least if depth > 4 else chance.randint(least, most)
    made = [make(chance, schema.get("items", {}), root, depth + 1) for _ in range(size)]
    if schema.get("uniqueItems"):
        made = list(dict.fromkeys(made))
    return made


def places(value):
    """Each container in it with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from places(value[key])


def spoil(chance, value):
    """One change, after which it may still be right."""
    everywhere = [*places(value)]
    if not everywhere:
        return chance.choice(SCALARS)
    inside, key = chance.choice(everywhere)
    change = chance.randrange(4)
    if change == 0:
        del inside[key]
    elif change == 1 and isinstance(inside, list):
        inside.insert(key, copy.deepcopy(inside[key]))
    elif change == 1:
        inside[chance.choice(TEXTS)] = chance.choice(SCALARS)
    elif change == 2:
        inside[key] = chance.choice([[], {}, [1], {"a": 1}, {"kind": "dog"}, {"kind": "fish"}, {"share": 1}])
    else:
        wrong = [text for _, bad in FORMATS.values() for text in bad]
        inside[key] = chance.choice([*SCALARS, *wrong])
    return value


# ---- what the schema does not say, by name; see json::schema()


def numbers_in(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from numbers_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from numbers_in(each)


def has_integral_double(value, _errors):
    """1.0 is an integer for JSON Schema, and none for strict reading."""
    return any(isinstance(number, float) and number == int(number) for number in numbers_in(value))


def repeats_in_set(value, _errors):
    """Elements of a set that come again are passed over."""
    numbers = value.get("numbers") if isinstance(value, dict) else None
    return isinstance(numbers, list) and any(numbers.count(each) > 1 for each in numbers)


def ends_in_newline(value, _errors):
    """For Python's re, which jsonschema asks, `$` is also before a newline at the end."""
    return isinstance(value, dict) and str(value.get("itemCode")).endswith("\n")


def differs_from_pydantic(value):
    """pydantic takes a bool for a duration, and 2**63 seconds as some other one; a number in a string is a time for
    it also where it is strict."""
    if not isinstance(value, dict):
        return False
    length, at = value.get("length"), value.get("at")
    return isinstance(length, bool) or length in (-2**63, 2**63 - 1) or (isinstance(at, str) and re.fullmatch(r"[\d.]+", at))


EXCEPTIONS = [has_integral_double, repeats_in_set, ends_in_newline]
FORMAT_CHECKER = FormatChecker()


@FORMAT_CHECKER.checks("duration")
def is_duration(text):
    """By the grammar of RFC 3339, Appendix A, which jsonschema does not look at without another package."""
    if not isinstance(text, str):
        return True
    date = r"(\d+Y(\d+M(\d+D)?)?|\d+M(\d+D)?|\d+D)"
    time = r"T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S)"
    return re.fullmatch(rf"P({date}({time})?|{time}|\d+W)", text) is not None


# ---- comparing


class Weft:
    def __init__(self, tool):
        self.tool = tool

    def ask(self, lines):
        done = subprocess.run([self.tool], input="".join(line + "\n" for line in lines), capture_output=True, text=True,
                              check=True)
        answers = done.stdout.splitlines()
        assert len(answers) == len(lines), f"{len(answers)} answers to {len(lines)} lines"
        return answers


def as_text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pydantic_errors(model, value, strict):
    """The places and kinds of its errors; a text, since the strict mode of Python takes no dates."""
    try:
        if strict:
            PYDANTIC[model].model_validate_json(as_text(value), strict=True)
        else:
            PYDANTIC[model].model_validate(value)
        return []
    except ValidationError as error:
        # As FastAPI has it, which lets models be read from the attributes of objects.
        models = ["model_type"] if model == "Containers" else ["model_type", "dict_type"]
        return sorted((".".join(map(str, each["loc"])), "model_attributes_type" if each["type"] in models else each["type"])
                      for each in error.errors())


def weft_errors(answer):
    if answer.startswith("+"):
        return []
    return sorted((".".join(map(str, each["loc"])), each["type"]) for each in json.loads(answer[1:]))


def compare_schemas(schemas):
    failed = 0
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        if name not in PYDANTIC:
            continue
        wanted = PYDANTIC[name].model_json_schema()
        if schema != wanted:
            failed += 1
            print(f"schema of {name}\n  weft     {as_text(schema)}\n  pydantic {as_text(wanted)}")
    return failed


def main():
    weft = Weft(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
    chance = random.Random(seed)
    schemas = dict(zip(MODELS, map(json.loads, weft.ask([f"schema {name}" for name in MODELS])), strict=True))
    failed = compare_schemas(schemas)
    checkers = {name: Draft202012Validator(schema, format_checker=FORMAT_CHECKER) for name, schema in schemas.items()}

    cases = []
    for number in range(count):
        name = MODELS[number % len(MODELS)]
        value = make(chance, schemas[name], schemas[name])
        for _ in range(chance.choice([0, 1, 1, 2])):
            value = spoil(chance, value)
        cases.append((name, value))
    strict = weft.ask([f"strict {name} {as_text(value)}" for name, value in cases])
    lax = weft.ask([f"read {name} {as_text(value)}" for name, value in cases])

    taken = passed_over = 0
    reported = {}
    for (name, value), answer, lax_answer in zip(cases, strict, lax, strict=True):
        is_taken = answer.startswith("+")
        taken += is_taken
        found = []
        is_valid = checkers[name].is_valid(value)
        if is_taken != is_valid:
            if any(is_one(value, answer) for is_one in EXCEPTIONS):
                passed_over += 1
            else:
                found.append(("jsonschema", is_valid, answer))
        if name in PYDANTIC and not differs_from_pydantic(value):
            for is_strict, one in [(True, answer), (False, lax_answer)]:
                theirs = pydantic_errors(name, value, is_strict)
                if weft_errors(one) != theirs:
                    found.append((f"pydantic{' strict' if is_strict else ''}", theirs, one))
        for oracle, theirs, ours in found:
            failed += 1
            reported[oracle] = reported.get(oracle, 0) + 1
            if reported[oracle] <= 5:
                print(f"{name} {as_text(value)}\n  {oracle}: {theirs}\n  weft: {ours}")
    print(f"{len(cases)} texts, {taken} taken, {passed_over} differ as json::schema() says, {failed} otherwise; seed {seed}")
    return 1 if failed else 0


sys.exit(main())
