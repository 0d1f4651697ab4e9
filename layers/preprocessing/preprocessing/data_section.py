"""The part of a definition that says what the data are: source, columns, roles, derived features."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from preprocessing.definition import Column, Derived, Kind, Roles, Task, UploadFormat
from preprocessing.derive import MAKERS
from preprocessing.values import MISSING_MARKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.tables import Table

_KINDS = ("number", "category", "time", "boolean")
_ROLES = {"user": "category", "item": "category", "time": "time", "weight": "number", "describe": "category"}
"""What a column can be to a recommendation, and the type that it has then."""


def read_source(table: Table) -> UploadFormat:
    """Read how uploads are read."""
    source = UploadFormat(
        header=table.texts("header"),
        delimiter=table.text("delimiter"),
        encoding=table.text("encoding"),
        decimal=table.choice("decimal", (".", ","), "."),
        missing=table.texts("missing"),
        rename=table.mapping("rename"),
    )
    if len(source.delimiter) > 1:
        raise table.fail("delimiter", f"expected one character, got {source.delimiter!r}")
    if len(set(source.header)) < len(source.header):
        raise table.fail("header", "expected every name once")
    if source.encoding:
        try:
            "".encode(source.encoding)
        except LookupError as error:
            raise table.fail("encoding", f"expected a text encoding, got {source.encoding!r}") from error
    table.close()
    return source


def read_columns(table: Table, aside: set[str], missing: tuple[str, ...], task: Task) -> dict[str, Column]:
    """Read every kept column; those aside are no features unless said, and a recommendation has none."""
    roles = ("ignore", *_ROLES) if task == "recommendation" else ("feature", "ignore")
    for name in table.names():
        if not name.strip() or name.startswith("_"):
            raise table.fail(name, "expected a name that is not empty and does not begin with _ (those are ours)")
    return {
        name: _column(name, table.table(name), roles, "ignore" if name in aside else roles[0], missing)
        for name in table.names()
    }


def _column(name: str, table: Table, roles: tuple[str, ...], default: str, missing: tuple[str, ...]) -> Column:
    kind = cast("Kind", table.choice("type", _KINDS))
    role = table.choice("role", roles, default)
    least, most = (_bound(table, key, kind) for key in ("min", "max"))
    if least is not None and most is not None and least > most:
        raise table.fail("max", "expected at least min")
    text_only = kind == "category"
    column = Column(
        name=name,
        kind=kind,
        feature=role == "feature",
        required=table.boolean("required"),
        missing=frozenset(mark.strip().casefold() for mark in (*missing, *_marks(table))),
        least=least,
        most=most,
        allowed=table.texts("allowed") if text_only else (),
        lower=table.boolean("lower") if text_only else False,
        replace=table.mapping("replace") if text_only else {},
        format=table.text("format") if kind == "time" else "",
    )
    table.close()
    _check_texts(table, column)
    return column


def _check_texts(table: Table, column: Column) -> None:
    """Refuse rules whose result would change when it is cleaned again, as a kept row is that is sent to the API."""
    for key, texts in (("replace", column.replace.values()), ("allowed", column.allowed)):
        for text in texts:
            settled = " ".join(text.split())
            if column.lower:
                settled = settled.lower()
            if settled != text or column.replace.get(text, text) != text:
                raise table.fail(
                    key, f"{text!r} would not stay as it is: expected {column.replace.get(text, settled)!r}"
                )
            if text.casefold() in MISSING_MARKS | column.missing:
                raise table.fail(key, f"{text!r} means missing: expected another text, or the key `missing`")


def _marks(table: Table) -> tuple[str, ...]:
    """Missing marks of one column; numbers may be written as numbers."""
    value = table.value("missing")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(mark, str | int | float) for mark in value):
        raise table.fail("missing", f"expected a list of strings or numbers, got {value!r}")
    return tuple(str(mark) for mark in value)


def _bound(table: Table, key: str, kind: Kind) -> float | None:
    if kind == "number":
        return table.number(key)
    if kind != "time":
        return None
    text = table.text(key)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise table.fail(key, f"expected an ISO 8601 time, got {text!r}") from error
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def read_roles(top: Table, columns: Mapping[str, Column]) -> tuple[Roles, str]:
    """Read what each column is to a recommendation, and which one is its time (empty: none)."""
    found: dict[str, list[str]] = {role: [] for role in _ROLES}
    for name, column in columns.items():
        role = top.table("columns").table(name).text("role")
        if role in found:
            found[role].append(name)
            if column.kind != _ROLES[role]:
                raise top.fail(f"columns.{name}.type", f"expected {_ROLES[role]}, since the role is {role}")
    for role, names in found.items():
        if len(names) > 1 and role != "describe":
            raise top.fail(f"columns.{names[1]}.role", f"there is one {role} already, {names[0]}")
        if not names and role in ("user", "item"):
            raise top.fail("columns", f'expected one with role = "{role}", since the task is recommendation')
    user, item, weight = (next(iter(found[role]), "") for role in ("user", "item", "weight"))
    return Roles(user, item, weight, tuple(found["describe"])), next(iter(found["time"]), "")


def check_target(top: Table, columns: Mapping[str, Column], task: Task, target: str) -> None:
    """Refuse a target that the columns cannot be; a recommendation has none, its truth is what is chosen next."""
    if task == "recommendation":
        if target:
            raise top.fail("target", "a recommendation has no target: expected roles of the columns instead")
        return
    known = f"expected one of the columns {', '.join(columns)}"
    if target not in columns:
        raise top.fail("target", f"{known}, got {target!r}")
    if columns[target].feature:
        raise top.fail(f"columns.{target}.role", "the target cannot be a feature of itself")
    if task == "regression" and columns[target].kind != "number":
        raise top.fail(f"columns.{target}.type", "expected number, since the task is regression")
    if task == "classification" and columns[target].kind == "time":
        raise top.fail(f"columns.{target}.type", "expected category, boolean or number for a class")


def check_key(top: Table, columns: Mapping[str, Column], key: tuple[str, ...], event_time: str) -> None:
    """Refuse a key or time that the columns cannot be."""
    known = f"expected one of the columns {', '.join(columns)}"
    for name in key:
        if name not in columns:
            raise top.fail("key", f"{known}, got {name!r}")
    if event_time and (event_time not in columns or columns[event_time].kind != "time"):
        raise top.fail("time", f"expected a column of type time, got {event_time!r}")


def check_rename(top: Table, source: UploadFormat, columns: Mapping[str, Column]) -> None:
    """Refuse names of the files that lead to no column."""
    for name, to in source.rename.items():
        if to not in columns:
            raise top.fail(f"source.rename.{name}", f"expected one of the columns {', '.join(columns)}, got {to!r}")
    named = {source.rename.get(name, name) for name in source.header}
    if source.header and not named & set(columns):
        raise top.fail("source.header", "expected at least one name of a column")


def read_derived(table: Table, columns: Mapping[str, Column], target: str) -> tuple[Derived, ...]:
    """Read the features that are made from columns."""
    made = []
    for name in table.names():
        entry = table.table(name)
        maker = MAKERS[entry.choice("make", tuple(MAKERS))]
        value = entry.value("from")
        sources = (value,) if isinstance(value, str) else entry.texts("from")
        if len(sources) != len(maker.kinds):
            raise entry.fail("from", f"expected {len(maker.kinds)} column(s), got {len(sources)}")
        for source, kind in zip(sources, maker.kinds, strict=True):
            if source not in columns or columns[source].kind != kind or source == target:
                raise entry.fail("from", f"expected a column of type {kind} other than the target, got {source!r}")
        if name in columns:
            raise table.fail(name, "a column has this name already")
        entry.close()
        made.append(Derived(name=name, make=entry.text("make"), sources=sources))
    return tuple(made)
