"""Reads what the columns of a definition are for: roles, target, key and time, and the features derived from them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from preprocessing.column_section import ROLES
from preprocessing.definition import Derived, Roles, Task, UploadFormat
from preprocessing.derive import MAKERS
from preprocessing.tables import STRING, STRINGS, TEXT, TEXTS, Key, choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.definition import Column
    from preprocessing.tables import Table

SOURCES = Key(
    "a column or a list of columns",
    lambda value: TEXTS.parse([value] if isinstance(value, str) else value),
    (),
    schema={"anyOf": [STRING, STRINGS]},
)

DERIVED = {"make": choice(tuple(MAKERS)), "from": SOURCES}


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
    if not target:
        raise top.fail("target", f"name the column to predict, one of {', '.join(columns)}")
    _check_is_column(top, "target", columns, target)
    if columns[target].feature:
        raise top.fail(f"columns.{target}.role", "the target cannot be a feature of itself")
    if task == "regression" and columns[target].kind != "number":
        raise top.fail(f"columns.{target}.type", "expected number, since the task is regression")
    if task == "classification" and columns[target].kind == "time":
        raise top.fail(f"columns.{target}.type", "expected category, boolean or number for a class")


def check_parts(top: Table, columns: Mapping[str, Column], target: str) -> None:
    """Refuse parts of a time that are times themselves, which may be in UTC already, or that tell the target."""
    for column in columns.values():
        for part in column.times.parts:
            if part == target or (part in columns and columns[part].kind == "time"):
                raise top.fail(
                    f"columns.{column.name}.from", f"expected parts that are neither times nor the target, got {part!r}"
                )


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
    raw_names = dict.fromkeys(chain(columns, *(column.times.parts for column in columns.values())))
    for name, column in source.rename.items():
        _check_is_column(top, f"source.rename.{name}", raw_names, column)
    if source.header and raw_names.keys().isdisjoint(source.rename.get(name, name) for name in source.header):
        raise top.fail("source.header", "expected at least one name of a column")


def _check_is_column(top: Table, key: str, columns: Mapping[str, Any], name: str) -> None:
    if name not in columns:
        raise top.fail(key, f"expected one of the columns {', '.join(columns)}, got {name!r}")


def read_derived(table: Table, columns: Mapping[str, Column], target: str) -> tuple[Derived, ...]:
    """Read the features that are computed from columns."""
    derived = []
    for name in table.content:
        entry = table.table(name)
        values = entry.read(DERIVED)
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
