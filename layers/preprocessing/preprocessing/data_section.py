"""Reads the sections of a definition about its data: source, columns and their roles, derived features."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from preprocessing.definition import Column, Derived, Roles, Task, UploadFormat
from preprocessing.derive import MAKERS
from preprocessing.tables import BOOLEAN, TEXT, TEXT_TABLE, TEXTS, TIME, Key, choice, match_text, number, of_type
from preprocessing.values import MISSING_MARKS

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
    if encoding:
        "".encode(encoding)
    return encoding


def _parse_marks(value: object) -> tuple[str, ...]:
    marks = of_type(list)(value)
    if not all(isinstance(mark, str | int | float) for mark in marks):
        raise TypeError
    return tuple(map(str, marks))


SOURCE = {
    "header": Key("a list of different names", _parse_names, ()),
    "delimiter": Key("one character", partial(match_text, re.compile(".?", re.DOTALL)), ""),
    "encoding": Key("a text encoding", _parse_encoding, ""),
    "decimal": choice((".", ","), "."),
    "missing": TEXTS,
    "rename": TEXT_TABLE,
}
COLUMN: Mapping[str, Mapping[str, Key]] = {
    "number": {"min": number(), "max": number()},
    "category": {"allowed": TEXTS, "lower": BOOLEAN, "replace": TEXT_TABLE},
    "time": {"min": TIME, "max": TIME, "format": TEXT},
    "boolean": {},
}
"""The types of columns, and the keys of each besides those that all columns have."""

MARKS = Key("a list of strings or numbers", _parse_marks, ())
SOURCES = Key(
    "a column or a list of columns", lambda value: TEXTS.parse([value] if isinstance(value, str) else value), ()
)


def read_columns(
    table: Table, identity_columns: Collection[str], missing: tuple[str, ...], task: Task
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
        columns[name] = _read_column(name, table.table(name), role, missing)
    return columns


def _read_column(name: str, table: Table, role: Key, missing: tuple[str, ...]) -> Column:
    kind = table.get("type", choice(tuple(COLUMN)))
    keys = {"type": choice(tuple(COLUMN)), "role": role, "required": BOOLEAN, "missing": MARKS, **COLUMN[kind]}
    values = table.read(keys)
    least, most = values.pop("min", None), values.pop("max", None)
    if least is not None and most is not None and least > most:
        raise table.fail("max", "expected at least min")
    marks = frozenset(mark.strip().casefold() for mark in (*missing, *values.pop("missing")))
    is_feature = values.pop("role") == "feature"
    column = Column(name, values.pop("type"), is_feature, missing=marks, least=least, most=most, **values)
    _check_texts(table, column)
    return column


def _check_texts(table: Table, column: Column) -> None:
    """Refuse rules that change their own result: a kept row that is sent to the API must come out the same."""
    for key, texts in (("replace", column.replace.values()), ("allowed", column.allowed)):
        for text in texts:
            clean = " ".join(text.split())
            if column.lower:
                clean = clean.lower()
            if clean != text or column.replace.get(text, text) != text:
                raise table.fail(key, f"{text!r} would not stay as it is: expected {column.replace.get(text, clean)!r}")
            if text.casefold() in MISSING_MARKS | column.missing:
                raise table.fail(key, f"{text!r} means missing: expected another text, or the key `missing`")


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
        derived.append(Derived(name=name, make=values["make"], sources=sources))
    return tuple(derived)
