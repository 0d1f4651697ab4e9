"""Checks the rows of `mixed_csv` with the tools that people use: pandas by hand, pandera, Great Expectations.

Each reads the file as text in chunks, casts the columns with pandas and finds unusable rows. It writes the good rows to
Parquet and the bad ones with their reasons to JSON lines. None makes a profile.
"""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pandas as pd

CHUNK = 250_000
MISSING = ["", "null", "NA", "NaN"]
NUMBERS = ("customer", "amount", "score", "visits")
BOUNDS: dict[str, tuple[float, float]] = {"amount": (0, 1e6), "score": (-10, 10)}
ALLOWED = {"plan": ["free", "silver", "gold", "team"], "label": ["yes", "no"]}

type BadRows = Iterable[tuple[Iterable[int], str, str]]
"""Unusable rows of a chunk by index, with the column and the reason."""

type Checker = Callable[[pd.DataFrame], BadRows]


def make_pandas_checker() -> Checker:
    """Check by masks."""

    def check(typed: pd.DataFrame) -> BadRows:
        for column, (low, high) in BOUNDS.items():
            wrong = typed[column].notna() & ~typed[column].between(low, high)
            yield wrong.to_numpy().nonzero()[0], column, f"expected {low:g} to {high:g}"
        for column, allowed in ALLOWED.items():
            wrong = typed[column].notna() & ~typed[column].isin(allowed)
            yield wrong.to_numpy().nonzero()[0], column, f"expected one of {', '.join(allowed)}"
        yield typed["label"].isna().to_numpy().nonzero()[0], "label", "is required"

    return check


def make_pandera_checker() -> Checker:
    """Check by a schema, whose failures name the rows."""
    import pandera.pandas as pa

    bounds = {
        name: pa.Column(float, pa.Check.in_range(*BOUNDS[name]) if name in BOUNDS else None, nullable=True)
        for name in NUMBERS
    }
    texts = {
        name: pa.Column(checks=pa.Check.isin(allowed), nullable=name != "label") for name, allowed in ALLOWED.items()
    }
    schema = pa.DataFrameSchema(bounds | texts)

    def check(typed: pd.DataFrame) -> BadRows:
        try:
            schema.validate(typed, lazy=True)
        except pa.errors.SchemaErrors as errors:
            for (column, check), cases in errors.failure_cases.groupby(["column", "check"]):
                yield cases["index"].astype(int), column, check

    return check


def make_great_expectations_checker() -> Checker:
    """Check by a suite of expectations, which lists all unexpected rows."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("uploads").add_dataframe_asset("upload")
    whole = asset.add_batch_definition_whole_dataframe("chunk")
    expected = gx.expectations
    suite = gx.ExpectationSuite(
        "mixed",
        [
            *(
                expected.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
                for name, (low, high) in BOUNDS.items()
            ),
            *(
                expected.ExpectColumnValuesToBeInSet(column=name, value_set=allowed)
                for name, allowed in ALLOWED.items()
            ),
            expected.ExpectColumnValuesToNotBeNull(column="label"),
        ],
    )

    def check(typed: pd.DataFrame) -> BadRows:
        batch = whole.get_batch(batch_parameters={"dataframe": typed})
        for result in batch.validate(suite, result_format="COMPLETE").results:
            config = result.expectation_config
            yield result.result["unexpected_index_list"] or (), config.kwargs["column"], config.type

    return check


CHECKERS: dict[str, Callable[[], Checker]] = {
    "pandas by hand": make_pandas_checker,
    "pandera": make_pandera_checker,
    "Great Expectations": make_great_expectations_checker,
}
REQUIRED_MODULES = {
    "pandas by hand": ["pandas"],
    "pandera": ["pandera.pandas"],
    "Great Expectations": ["great_expectations"],
}


def check_file(path: Path, check: Checker, into: Path) -> int:
    """Sort a file's rows into good and bad ones; return the number of bad ones."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    rejected, writer = 0, None
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_values": MISSING}
    with gzip.open(into / "rejected.jsonl.gz", "wt", encoding="utf-8") as file:
        for number, raw in enumerate(pd.read_csv(path, chunksize=CHUNK, **options)):
            raw = raw.reset_index(drop=True)
            typed = _cast(raw)
            reasons: dict[int, list[str]] = {}
            for rows, column, reason in (*_not_cast(raw, typed), *check(typed)):
                for row in rows:
                    reasons.setdefault(int(row), []).append(f"{column}: {reason}")
            for row, why in sorted(reasons.items()):
                line = {"line": number * CHUNK + row + 2, "reasons": why, "row": raw.iloc[row].dropna().to_dict()}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            table = pa.Table.from_pandas(typed.drop(index=list(reasons)), preserve_index=False)
            writer = writer or pq.ParquetWriter(into / "kept.parquet", table.schema, compression="zstd")
            writer.write_table(table)
            rejected += len(reasons)
    if writer:
        writer.close()
    return rejected


def _cast(raw: pd.DataFrame) -> pd.DataFrame:
    """Give columns their types; unfitting values become missing."""
    import pandas as pd

    typed = pd.DataFrame({"at": pd.to_datetime(raw["at"], format="ISO8601", utc=True, errors="coerce")})
    for name in NUMBERS:
        typed[name] = pd.to_numeric(raw[name], errors="coerce").astype(float)
    for name in ("town", "plan", "label"):
        spaced = {text: " ".join(text.split()) for text in raw[name].dropna().unique()}
        typed[name] = raw[name].map(
            {text: trimmed.lower() if name == "plan" else trimmed for text, trimmed in spaced.items()}
        )
    typed["member"] = raw["member"].map({"true": True, "false": False}).astype("boolean")
    return typed


def _not_cast(raw: pd.DataFrame, typed: pd.DataFrame) -> Iterator[tuple[Iterable[int], str, str]]:
    for name, kind in {"at": "a time", **dict.fromkeys(NUMBERS, "a number"), "member": "true or false"}.items():
        yield (raw[name].notna() & typed[name].isna()).to_numpy().nonzero()[0], name, f"expected {kind}"
