"""The section of a definition about its files, and the keys that it shares with columns: how values are written."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from preprocessing.cells import MAX_MARK_LENGTH
from preprocessing.joined_times import MAX_PARTS
from preprocessing.tables import BOOLEAN, STRING, STRINGS, TEXT_TABLE, TEXTS, Key, choice, of_type, pattern_key, whole
from preprocessing.time_values import UNITS


def _parse_names(value: object) -> tuple[str, ...]:
    names: tuple[str, ...] = TEXTS.parse(value)
    if len(set(names)) < len(names):
        raise ValueError
    return names


def _parse_parts(value: object) -> tuple[str, ...]:
    names = _parse_names(value)
    if len(names) == 1 or len(names) > MAX_PARTS or "" in names:
        raise ValueError
    return names


def _parse_encoding(value: object) -> str:
    encoding = of_type(str)(value)
    if encoding and codecs.lookup(encoding).name in {"idna", "punycode", "unicode-escape", "raw-unicode-escape"}:
        raise ValueError
    "".encode(encoding or "utf-8")
    return encoding


def _parse_marks(value: object) -> tuple[str, ...]:
    marks = of_type(list)(value)
    if not all(isinstance(mark, str | int | float) and len(str(mark)) <= MAX_MARK_LENGTH for mark in marks):
        raise TypeError
    return tuple(map(str, marks))


def _parse_formats(value: object) -> tuple[str, ...]:
    formats: tuple[str, ...] = TEXTS.parse([value] if isinstance(value, str) else value)
    return tuple(pattern for pattern in formats if pattern)


def _parse_zone(value: object) -> str:
    zone = of_type(str)(value)
    if zone:
        ZoneInfo(zone)
    return zone


SIGN = pattern_key("a sign of ASCII, no letter, digit or space", re.compile(r"[!-/:-@\[-`{-~]?"))
_MARK = {"type": ["string", "number", "boolean"]}
MARKS = Key("a list of strings or numbers", _parse_marks, (), schema={"type": "array", "items": _MARK})
_NAMES = {**STRINGS, "uniqueItems": True}
NUMBER_KEYS = {
    "thousands": choice(("", ",", ".", "'", " "), ""),
    "currency": BOOLEAN,
    "percent": BOOLEAN,
    "trailing_minus": BOOLEAN,
}
TIME_KEYS = {
    "format": Key("a format or a list of formats", _parse_formats, (), schema={"anyOf": [STRING, STRINGS]}),
    "unit": choice(("", *UNITS), ""),
    "zone": Key("a time zone such as Europe/Zurich", _parse_zone, "", schema=STRING),
    "from": Key(
        f"a list of 2 to {MAX_PARTS} different names", _parse_parts, (), schema={**_NAMES, "maxItems": MAX_PARTS}
    ),
}
SOURCE = {
    "header": Key("a list of different names", _parse_names, (), schema=_NAMES),
    "delimiter": replace(pattern_key("one character", re.compile(".?", re.DOTALL)), schema={**STRING, "maxLength": 1}),
    "quote": replace(SIGN, default='"'),
    "escape": SIGN,
    "comment": SIGN,
    "skip": whole(0),
    "encoding": Key("a text encoding", _parse_encoding, "", schema=STRING),
    "missing": MARKS,
    "only_missing": replace(MARKS, default=None),
    "decimal": choice((".", ","), "."),
    **NUMBER_KEYS,
    "zone": TIME_KEYS["zone"],
    "rename": TEXT_TABLE,
    "strict": BOOLEAN,
}
