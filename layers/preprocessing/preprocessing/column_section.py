"""Reads the section of a definition about its columns: what each holds, and the rules for its values."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from preprocessing.cells import MISSING_MARKS, Invalid
from preprocessing.definition import Column, Task, UploadFormat
from preprocessing.joined_times import default_formats
from preprocessing.number_values import NumberForm
from preprocessing.source_section import MARKS, NUMBER_KEYS, SOURCE, TIME_KEYS
from preprocessing.tables import BOOLEAN, TEXT_TABLE, TEXTS, TIME, Key, choice, number
from preprocessing.time_formats import check_format
from preprocessing.time_values import TimeForm
from preprocessing.values import category_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from preprocessing.tables import Table

ROLES = {"user": "category", "item": "category", "time": "time", "weight": "number", "describe": "category"}
"""What a column can be for a recommender, and the type that it must have."""


COLUMN: Mapping[str, Mapping[str, Key]] = {
    "number": {"min": number(), "max": number(), **NUMBER_KEYS},
    "category": {"allowed": TEXTS, "lower": BOOLEAN, "replace": TEXT_TABLE, "whole": BOOLEAN},
    "time": {"min": TIME, "max": TIME, **TIME_KEYS},
    "boolean": {},
    "text": {},
}
"""The types of columns, and the keys of each besides those that all columns have."""


def column_roles(task: Task) -> tuple[str, ...]:
    """Return what a column can be for a task."""
    return ("ignore", *ROLES) if task == "recommendation" else ("feature", "ignore")


def column_keys(kind: str, role: Key) -> dict[str, Key]:
    """Return the keys of a column of one type."""
    marks = {"missing": MARKS, "only_missing": SOURCE["only_missing"]}
    return {"type": choice(tuple(COLUMN)), "role": role, "required": BOOLEAN, **marks, **COLUMN[kind]}


def read_columns(
    table: Table, identity_columns: Collection[str], key: Collection[str], source: UploadFormat, task: Task
) -> dict[str, Column]:
    """Read every column that is kept.

    Identity columns (target, key and time) are features only where the definition says so; a recommender has none.
    """
    roles = column_roles(task)
    columns = {}
    for name in table.content:
        if not name.strip() or name.startswith("_"):
            raise table.fail(name, "expected a name that is not empty and does not begin with _, which is reserved")
        role = choice(roles, "ignore" if name in identity_columns else roles[0])
        columns[name] = _read_column(name, table.table(name), role, source, exact=name in key)
    return columns


def _read_column(name: str, table: Table, role: Key, source: UploadFormat, *, exact: bool) -> Column:
    kind = table.get("type", choice(tuple(COLUMN)))
    number_keys, time_keys = _defaults(NUMBER_KEYS, source), _defaults(TIME_KEYS, source)
    keys = column_keys(kind, role)
    keys |= {name: key for name, key in {**number_keys, **time_keys}.items() if name in keys}
    values = table.read(keys)
    del values["type"]
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
        "category" if kind == "text" else kind,
        is_feature,
        text=kind == "text",
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
    formats = keys["format"] or default_formats(keys["from"])
    return TimeForm(formats, keys["unit"], keys["zone"], numbers.decimal, keys["from"])


def _missing(source: UploadFormat, missing: Collection[str], only: Collection[str] | None) -> frozenset[str]:
    """Join the marks of a column: its only ones, or those of the source, or the usual ones, and what each adds."""
    usual = MISSING_MARKS if source.only_missing is None else source.only_missing
    return frozenset({"", *missing, *({*usual, *source.missing} if only is None else only)})


def _check_formats(table: Table, times: TimeForm) -> None:
    for pattern in times.formats:
        problem = check_format(pattern)
        if problem:
            raise table.fail("format", problem)
    if times.unit and (times.formats or times.parts):
        raise table.fail("unit", "expected no unit beside a format, which reads all digits, or beside `from`")


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
