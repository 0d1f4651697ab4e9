"""Reads what the columns of a definition are for: roles, target, key and time, and the features derived from them."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import TYPE_CHECKING, Any

from preprocessing.column_section import ROLES
from preprocessing.definition import Derived, Roles, Task, UploadFormat
from preprocessing.derive import MAKERS
from preprocessing.own_functions import OWN_NAME, is_own
from preprocessing.tables import RISING, STRING, STRINGS, TEXT, TEXTS, Key, choice, of_type

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

_MAKER = choice(tuple(MAKERS))
MAKE = Key(
    f"{_MAKER.expected}, or features.<file> with a function of your own",
    lambda value: value if OWN_NAME.fullmatch(of_type(str)(value)) else _MAKER.parse(value),
    required=True,
    schema={"anyOf": [_MAKER.schema, {"type": "string", "pattern": f"^{OWN_NAME.pattern}$"}]},
)
DERIVED = {"make": MAKE, "from": SOURCES, "edges": RISING}


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
    if task == "classification" and (columns[target].kind == "time" or columns[target].text):
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
    """Read the features that are computed from columns and from one another, in an order in which they can be made."""
    for name in table.content:
        if name in columns:
            raise table.fail(name, "a column has this name already")
    kinds: dict[str, str] = {name: column.kind for name, column in columns.items() if name != target}
    kinds |= dict.fromkeys(table.content, "number")
    derived = {name: _read_feature(name, table.table(name), columns, kinds) for name in table.content}
    # A list keeps the order, which has to be the same in each process; that of a set of texts is not.
    needs = {name: [source for source in feature.sources if source in derived] for name, feature in derived.items()}
    try:
        return tuple(derived[name] for name in TopologicalSorter(needs).static_order())
    except CycleError as cycle:
        names = cycle.args[1]
        raise table.fail(f"{names[0]}.from", f"made of itself: {' of '.join(reversed(names))}") from None


def _read_feature(name: str, entry: Table, columns: Mapping[str, Column], kinds: Mapping[str, str]) -> Derived:
    make, sources, edges = entry.read(DERIVED).values()
    if (make == "bins") != bool(edges):
        raise entry.fail("edges", "expected the edges of the bins" if edges == () else "only bins have edges")
    if is_own(make):
        if not sources or not kinds.keys() >= {*sources}:
            raise entry.fail("from", f"expected columns other than the target, or derived features, got {sources}")
        return Derived(name, make, sources)
    expected = MAKERS[make].kinds
    if len(sources) != len(expected):
        raise entry.fail("from", f"expected {len(expected)} column(s), got {len(sources)}")
    for source, kind in zip(sources, expected, strict=True):
        if kinds.get(source) != kind:
            raise entry.fail("from", f"expected a column of type {kind} other than the target, got {source!r}")
    zone = columns[sources[0]].times.zone if MAKERS[make].is_local else ""
    return Derived(name, make, sources, zone, edges)
