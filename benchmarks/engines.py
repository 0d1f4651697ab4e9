"""Checks a CSV by a definition with DuckDB and Polars: reads it as text, casts, judges, and sets bad rows apart.

Good rows become Parquet, bad ones JSON lines with the names of their unusable columns. Neither makes a profile, counts
lines, or says more of a reason.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from preprocessing import Column, Definition

THREADS = 2
REQUIRED_MODULES = {"DuckDB, checked": ["duckdb"], "Polars, checked": ["polars"]}

type Check = Callable[[], object]


def duckdb_check(path: Path, definition: Definition) -> Check:
    """Read into a table of its own, since two queries of the file would parse it twice."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("SET enable_progress_bar = false")
    header = list(definition.source.header)
    names = f", names = {header}" if header else ""
    source = f"read_csv('{path}', all_varchar = true, header = {not header}{names})"
    columns = definition.columns.values()
    texts = ", ".join(f'{_sql_text(column)} AS "{column.name}"' for column in columns)
    values = ", ".join(f'{_sql_value(column)} AS "{column.name}"' for column in columns)
    rules = {column.name: _sql_rule(column, is_required=column.name in definition.required) for column in columns}
    reasons = ", ".join(f"CASE WHEN NOT ({rule}) THEN '{name}' END" for name, rule in rules.items())
    typed = f"SELECT {values}, concat_ws(' ', {reasons}) AS reason FROM (SELECT {texts} FROM {source})"

    def check() -> None:
        connection.execute(f"CREATE TEMP TABLE typed AS {typed}")
        good, bad = path.with_suffix(".good.parquet"), path.with_suffix(".bad.jsonl")
        chosen = "FROM typed WHERE reason"
        connection.execute(
            f"COPY (SELECT * EXCLUDE (reason) {chosen} = '') TO '{good}' (FORMAT parquet, COMPRESSION zstd)"
        )
        connection.execute(f"COPY (SELECT * {chosen} <> '') TO '{bad}' (FORMAT json)")

    return check


def _sql_text(column: Column) -> str:
    marks = ", ".join(f"'{mark}'" for mark in sorted(column.missing | {""}))
    text = f'trim("{column.name}")'
    return f"CASE WHEN lower({text}) NOT IN ({marks}) THEN {text} END"


def _sql_value(column: Column) -> str:
    kind = {"number": "DOUBLE", "boolean": "BOOLEAN"}.get(column.kind)
    return f'TRY_CAST("{column.name}" AS {kind})' if kind else f'"{column.name}"'


def _sql_rule(column: Column, *, is_required: bool) -> str:
    name = f'"{column.name}"'
    rules = [f"TRY_CAST({name} AS {'DOUBLE' if column.kind == 'number' else 'BOOLEAN'}) IS NOT NULL"]
    if column.kind == "category":
        allowed = ", ".join(f"'{text}'" for text in column.allowed)
        rules = [f"{name} IN ({allowed})"] if allowed else [f"{name} IS NOT NULL"]
    for bound, sign in ((column.least, ">="), (column.most, "<=")):
        if bound is not None:
            rules.append(f"TRY_CAST({name} AS DOUBLE) {sign} {bound}")
    return f"coalesce({' AND '.join(rules)}, false) OR ({name} IS NULL AND {not is_required})"


def polars_check(path: Path, definition: Definition) -> Check:
    """Run both outputs as one streaming query."""
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars as pl

    header = list(definition.source.header)
    options = {"has_header": False, "new_columns": header} if header else {}
    raw = pl.scan_csv(path, infer_schema=False, **options).select(list(definition.columns))
    columns = list(definition.columns.values())
    tidy = {column.name: pl.col(column.name).str.strip_chars(" ") for column in columns}
    texts = raw.with_columns(
        pl.when(~text.str.to_lowercase().is_in(sorted(definition.columns[name].missing | {""}))).then(text).alias(name)
        for name, text in tidy.items()
    )
    truth = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}

    def value_of(column: Column) -> pl.Expr:
        text = pl.col(column.name)
        if column.kind == "number":
            return text.cast(pl.Float64, strict=False)
        if column.kind == "boolean":
            return text.str.to_lowercase().replace_strict(truth, default=None, return_dtype=pl.Boolean)
        return text

    def is_usable(column: Column) -> pl.Expr:
        value = value_of(column)
        usable = value.is_in(list(column.allowed)) if column.allowed else value.is_not_null()
        for bound, compare in ((column.least, pl.Expr.ge), (column.most, pl.Expr.le)):
            usable = usable & compare(value, bound) if bound is not None else usable
        may_lack = pl.col(column.name).is_null() & (column.name not in definition.required)
        return may_lack | usable.fill_null(value=False)

    reasons = [pl.when(~is_usable(column)).then(pl.lit(column.name)) for column in columns]
    typed = texts.with_columns(
        *(value_of(column).alias(column.name) for column in columns),
        pl.concat_str(reasons, separator=" ", ignore_nulls=True).alias("reason"),
    )
    good, bad = typed.filter(pl.col("reason") == "").drop("reason"), typed.filter(pl.col("reason") != "")
    sinks = [
        good.sink_parquet(path.with_suffix(".good.parquet"), compression="zstd", lazy=True),
        bad.sink_ndjson(path.with_suffix(".bad.jsonl"), lazy=True),
    ]
    return lambda: pl.collect_all(sinks, engine="streaming")


ENGINES: dict[str, Callable[[Path, Definition], Check]] = {
    "DuckDB, checked": duckdb_check,
    "Polars, checked": polars_check,
}
