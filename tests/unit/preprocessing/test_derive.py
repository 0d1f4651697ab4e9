"""Derived features."""

from typing import Any

import numpy as np
import pytest

from preprocessing import encode, parse_definition, prepare, rows_to_columns
from tests.unit.preprocessing.conftest import document

MADE = [
    ("days", ["joined"], 1.5), ("hour", ["joined"], 12.0), ("weekday", ["joined"], 4.0), ("month", ["joined"], 1.0),
    ("day_of_year", ["joined"], 2.0), ("days_between", ["joined", "left"], -30.0), ("log1p", ["amount"], np.log(5)),
    ("ratio", ["amount", "size"], 2.0), ("difference", ["amount", "size"], 2.0), ("product", ["amount", "size"], 8.0),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sources", "expected"), MADE, ids=[made[0] for made in MADE])
def test_a_derived_feature_is_made_or_missing(make: str, sources: list[str], expected: float) -> None:
    content = document(derived={"made": {"from": sources, "make": make}})
    content["columns"] |= {"size": {"type": "number"}, "left": {"type": "time"}}
    definition = parse_definition("shop", content, "shop.toml")
    full = {"joined": "1970-01-02T12:00:00Z", "left": "1970-02-01T12:00:00Z", "amount": 4, "size": 2}
    columns, problems = prepare(
        definition, rows_to_columns([full, {}], definition.inputs), 2, columns=definition.inputs
    )

    made = encode(definition, {}, columns)[:, definition.features.index("made")]

    assert not problems
    assert made[0] == pytest.approx(expected)
    assert np.isnan(made[1])


def test_what_cannot_be_derived_is_missing_and_never_infinite() -> None:
    content = document(derived={
        "share": {"from": ["amount", "size"], "make": "ratio"},
        "area": {"from": ["amount", "size"], "make": "product"},
        "log": {"from": "size", "make": "log1p"},
    })  # fmt: skip
    content["columns"] |= {"size": {"type": "number"}, "amount": {"type": "number"}}
    definition = parse_definition("shop", content, "shop.toml")
    rows: list[dict[str, Any]] = [{"amount": 1, "size": 0}, {"amount": 1e30, "size": 1e30}, {"amount": 1, "size": -1}]
    columns, _ = prepare(definition, rows_to_columns(rows, definition.inputs), 3, columns=definition.inputs)

    share, area, log = encode(definition, {}, columns)[:, -3:].T

    assert np.isnan([share[0], area[1], log[2]]).all()
    assert np.isfinite([area[0], area[2], log[0]]).all()
