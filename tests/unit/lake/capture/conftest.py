"""A record of some visitors, with every type of column, and a lake in memory to read lines back from."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Definition, objects, parse_definition
from refrain.fast_path.captured_rows import RowWriter
from refrain.lake.capture.reading import captured_key
from refrain.lake.capture.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.serving.tiny import Lake

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

DOCUMENT: dict[str, Any] = {
    "task": "classification",
    "target": "back",
    "key": ["who"],
    "time": "at",
    "columns": {
        "who": {"type": "category"},
        "at": {"type": "time"},
        "spent": {"type": "number"},
        "member": {"type": "boolean"},
        "joined": {"type": "time", "role": "feature"},
        "city 100%": {"type": "category"},
        "back": {"type": "category"},
    },
    "training": {"candidates": [{"name": "linear", "estimator": "sklearn.linear_model.LogisticRegression"}]},
}

type MakeRecord = "Callable[..., Record]"


@pytest.fixture
def definition() -> Definition:
    return parse_definition("shops", DOCUMENT, "shops.toml")


@pytest.fixture
def make_record(definition: Definition) -> MakeRecord:
    """Make a record of three rows, or of others."""

    def make(**changes: Any) -> Record:
        record = Record(
            model="shops",
            version="v1",
            classes=("no", "yes"),
            write_rows=RowWriter(definition.columns, (), {}).rows,
            ids=["a-000", "a-001", "a-002"],
            columns={
                "spent": np.array([7.0, 1.25, np.nan]),
                "member": np.array([1.0, 0.0, np.nan]),
                "joined": np.array(["2026-01-31T08:00:00", "2026-02-01T00:00:00.5", "NaT"], "datetime64[us]"),
                "city 100%": objects(['Zü"rich', None, "50% %s"]),
            },
            identity={"who": ["p1", None, ["a list"]], "at": ["2026-11-20", 1.5, float("inf")]},
            answers=["0.25,0.75", "1,0", "0.5,0.5"],
            unfamiliar=[[], ["spent", "joined"], []],
            milliseconds=1.23456,
        )
        changed = replace(record, **changes)
        writer = RowWriter(definition.columns, tuple(changed.columns), {"city 100%": ("Bern",)})
        return replace(changed, write_rows=writer.rows)

    return make


def deliver(lake: Lake, *written: str, moment: datetime = NOON, name: str = "x") -> None:
    """Put lines where Firehose would."""
    content = gzip.compress("".join(f"{line}\n" for line in written).encode())
    lake.write(captured_key("shops", moment, name), content)
