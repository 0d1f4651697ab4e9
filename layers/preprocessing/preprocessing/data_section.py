"""Reads the sections of a definition about its data: source, columns and their roles, derived features."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from preprocessing.cells import MAX_MARK_LENGTH, MISSING_MARKS, Invalid
from preprocessing.definition import Column, Derived, Roles, Task, UploadFormat
from preprocessing.derive import MAKERS
from preprocessing.number_values import NumberForm
from preprocessing.tables import BOOLEAN, TEXT, TEXT_TABLE, TEXTS, TIME, Key, choice, match_text, number, of_type, whole
from preprocessing.time_formats import check_format
from preprocessing.time_values import UNITS, TimeForm
from preprocessing.values import category_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from preprocessing.tables import Table

ROLES = {"user": "category", "item": "category", "time": "time", "weight": "number", "describe": "category"}
"""What a column can be for a recommender, and the type that it must have."""


def _parse_names(value: object) -> tuple[str, ...]:
    names: tuple[str, ...] = TEXTS.parse(value)
    if len(set(names)) < len(names):
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


SIGN = Key("a sign of ASCII, no letter, digit or space", partial(match_text, re.compile(r"[!-/:-@\[-`{-~]?")), "")
MARKS = Key("a list of strings or numbers", _parse_marks, ())
NUMBER_KEYS = {
    "thousands": choice(("", ",", ".", "'", " "), ""),
    "currency": BOOLEAN,
    "percent": BOOLEAN,
    "trailing_minus": BOOLEAN,
}
TIME_KEYS = {
    "format": Key("a format or a list of formats", _parse_formats, ()),
    "unit": choice(("", *UNITS), ""),
    "zone": Key("a time zone such as Europe/Zurich", _parse_zone, ""),
}
SOURCE = {
    "header": Key("a list of different names", _parse_names, ()),
    "delimiter": Key("one character", partial(match_text, re.compile(".?", re.DOTALL)), ""),
    "quote": replace(SIGN, default='"'),
    "escape": SIGN,
    "comment": SIGN,
    "skip": whole(0),
    "encoding": Key("a text encoding", _parse_encoding, ""),
    "missing": MARKS,
    "only_missing": replace(MARKS, default=None),
    "decimal": choice((".", ","), "."),
    **NUMBER_KEYS,
    "zone": TIME_KEYS["zone"],
    "rename": TEXT_TABLE,
    "strict": BOOLEAN,
}
VALUE_KEYS = ("encoding", "decimal", "missing", "only_missing", "zone", *NUMBER_KEYS)
"""Keys of the source that say how values are written, wherever they come from."""

COLUMN: Mapping[str, Mapping[str, Key]] = {
    "number": {"min": number(), "max": number(), **NUMBER_KEYS},
    "category": {"allowed": TEXTS, "lower": BOOLEAN, "replace": TEXT_TABLE, "whole": BOOLEAN},
    "time": {"min": TIME, "max": TIME, **TIME_KEYS},
    "boolean": {},
}
"""The types of columns, and the keys of each besides those that all columns have."""

SOURCES = Key(
    "a column or a list of columns", lambda value: TEXTS.parse([value] if isinstance(value, str) else value), ()
)


def read_columns(
    table: Table, identity_columns: Collection[str], key: Collection[str], source: UploadFormat, task: Task
) -> dict[str, Column]:
    """Read every column that is kept.

    Identity columns (target, key and time) are features only where the definition says so; a recommender has none.
    """
    roles = ("ignore", *ROLES) if task == "recommendation" else ("feature", "ignore")
    columns = {}
    for name in table.content:
        if not name.strip() or name.startswith("_"):
            raise table.fail(name, "expected a name that is not empty and does not begin with _, which is reserved")
        role = choice(roles, "ignore" if name in identity_columns else roles[0])
        columns[name] = _read_column(name, table.table(name), role, source, exact=name in key)
    return columns


def _read_column(name: str, table: Table, role: Key, source: UploadFormat, *, exact: bool) -> Column:
    kind = table.get("type", choice(tuple(COLUMN)))
    marks = {"missing": MARKS, "only_missing": SOURCE["only_missing"]}
    number_keys, time_keys = _defaults(NUMBER_KEYS, source), _defaults(TIME_KEYS, source)
    keys = {"type": choice(tuple(COLUMN)), "role": role, "required": BOOLEAN, **marks, **COLUMN[kind]}
    keys |= {name: key for name, key in {**number_keys, **time_keys}.items() if name in keys}
    values = table.read(keys)
    least, most = values.pop("min", None), values.pop("max", None)
    if least is not None and most is not None and least > most:
        raise table.fail("max", "expected at least min")
    is_feature = values.pop("role") == "feature"
    numbers = NumberForm(source.decimal, **_take(number_keys, values), exact=exact)
    if numbers.thousands == numbers.decimal:
        raise table.fail("thousands", f"expected another sign than the decimal sign, {numbers.decimal!r}")
    times = _time_form(_take(time_keys, values), numbers)
    _check_formats(table, times)
    column = Column(
        name,
        values.pop("type"),
        is_feature,
        missing=_missing(source, values.pop("missing"), values.pop("only_missing")),
        least=least,
        most=most,
        numbers=numbers,
        times=times,
        **values,
    )
    return _check_texts(table, column)


def _defaults(keys: Mapping[str, Key], source: UploadFormat) -> dict[str, Key]:
    """Let the source choose the defaults of a column's keys."""
    return {name: replace(key, default=getattr(source, name, key.default)) for name, key in keys.items()}


def _take(keys: Mapping[str, Key], values: dict[str, Any]) -> dict[str, Any]:
    """Take the values of some keys out of a column's; the keys that its type does not have keep their defaults."""
    return {name: values.pop(name, key.default) for name, key in keys.items()}


def _time_form(keys: Mapping[str, Any], numbers: NumberForm) -> TimeForm:
    return TimeForm(keys["format"], keys["unit"], keys["zone"], numbers.decimal)


def _missing(source: UploadFormat, missing: Collection[str], only: Collection[str] | None) -> frozenset[str]:
    """Join the marks of a column: its only ones, or those of the source, or the usual ones, and what each adds."""
    usual = MISSING_MARKS if source.only_missing is None else source.only_missing
    return frozenset({"", *missing, *({*usual, *source.missing} if only is None else only)})


def _check_formats(table: Table, times: TimeForm) -> None:
    for pattern in times.formats:
        problem = check_format(pattern)
        if problem:
            raise table.fail("format", problem)
    if times.formats and times.unit:
        raise table.fail("unit", "expected no unit beside a format, which reads all digits")


def _check_texts(table: Table, column: Column) -> Column:
    """Refuse rules that change their own result or never act: a kept row that is sent to the API must stay the same."""
    replacements = {_composed(old): _composed(new) for old, new in column.replace.items()}
    column = replace(column, replace=replacements, allowed=tuple(map(_composed, column.allowed)))
    for key, texts in (("replace", column.replace.values()), ("allowed", column.allowed)):
        for text in texts:
            clean = _cleaned(table, key, column, text)
            if clean != text or column.replace.get(text, text) != text:
                raise table.fail(key, f"{text!r} would not stay as it is: expected {column.replace.get(text, clean)!r}")
    for text in column.replace:
        clean = _cleaned(table, "replace", column, text)
        if clean != text:
            raise table.fail("replace", f"{text!r} never occurs, since values are tidied first: expected {clean!r}")
    return column


def _composed(text: str) -> str:
    """Compose letters, which look the same either way."""
    return unicodedata.normalize("NFC", text)


def _cleaned(table: Table, key: str, column: Column, text: str) -> str:
    try:
        clean = category_of(text, column.marks, whole=column.whole)
    except Invalid as invalid:
        raise table.fail(key, f"{text[:80]!r} cannot be used: {invalid}") from None
    if clean is None:
        raise table.fail(key, f"{text!r} means missing: expected another text, or the key `missing`")
    return clean.lower() if column.lower else clean


def read_roles(table: Table, columns: Mapping[str, Column]) -> tuple[Roles, str]:
    """Read what each column is for a recommender, and which one is its time (empty: none)."""
    names: dict[str, list[str]] = {role: [] for role in ROLES}
    for name, column in columns.items():
        role = table.table(name).get("role", TEXT)
        if role not in ROLES:
            continue
        names[role].append(name)
        if column.kind != ROLES[role]:
            raise table.fail(f"{name}.type", f"expected {ROLES[role]}, since the role is {role}")
        if len(names[role]) > 1 and role != "describe":
            raise table.fail(f"{name}.role", f"column {names[role][0]} has the role {role} already")
    user, item, weight, time = (next(iter(names[role]), "") for role in ("user", "item", "weight", "time"))
    for role in ("user", "item"):
        if not names[role]:
            raise table.fail("", f'expected one with role = "{role}", since the task is recommendation')
    return Roles(user, item, weight, tuple(names["describe"])), time


def check_target(top: Table, columns: Mapping[str, Column], task: Task, target: str) -> None:
    """Refuse a target that is not a column of a suitable type; a recommender has no target."""
    if task == "recommendation":
        if target:
            raise top.fail("target", "a recommender has no target: expected roles of the columns instead")
        return
    _check_is_column(top, "target", columns, target)
    if columns[target].feature:
        raise top.fail(f"columns.{target}.role", "the target cannot be a feature of itself")
    if task == "regression" and columns[target].kind != "number":
        raise top.fail(f"columns.{target}.type", "expected number, since the task is regression")
    if task == "classification" and columns[target].kind == "time":
        raise top.fail(f"columns.{target}.type", "expected category, boolean or number for a class")


def check_names(
    top: Table, columns: Mapping[str, Column], key: tuple[str, ...], time: str, source: UploadFormat
) -> None:
    """Refuse a key, a time or names in files that do not name a suitable column."""
    for name in key:
        _check_is_column(top, "key", columns, name)
    if time and (time not in columns or columns[time].kind != "time"):
        raise top.fail("time", f"expected a column of type time, got {time!r}")
    signs = [sign for sign in (source.delimiter, source.quote, source.escape, source.comment) if sign]
    if len(set(signs)) < len(signs):
        raise top.fail("source", "expected different signs for delimiter, quote, escape and comment")
    for name, column in source.rename.items():
        _check_is_column(top, f"source.rename.{name}", columns, column)
    if source.header and not any(source.rename.get(name, name) in columns for name in source.header):
        raise top.fail("source.header", "expected at least one name of a column")


def _check_is_column(top: Table, key: str, columns: Mapping[str, Any], name: str) -> None:
    if name not in columns:
        raise top.fail(key, f"expected one of the columns {', '.join(columns)}, got {name!r}")


def read_derived(table: Table, columns: Mapping[str, Column], target: str) -> tuple[Derived, ...]:
    """Read the features that are computed from columns."""
    derived = []
    for name in table.content:
        entry = table.table(name)
        values = entry.read({"make": choice(tuple(MAKERS)), "from": SOURCES})
        kinds, sources = MAKERS[values["make"]].kinds, values["from"]
        if len(sources) != len(kinds):
            raise entry.fail("from", f"expected {len(kinds)} column(s), got {len(sources)}")
        for source, kind in zip(sources, kinds, strict=True):
            if source not in columns or columns[source].kind != kind or source == target:
                raise entry.fail("from", f"expected a column of type {kind} other than the target, got {source!r}")
        if name in columns:
            raise table.fail(name, "a column has this name already")
        zone = columns[sources[0]].times.zone if MAKERS[values["make"]].is_local else ""
        derived.append(Derived(name=name, make=values["make"], sources=sources, zone=zone))
    return tuple(derived)
