"""Derived features."""

from typing import Any

import numpy as np
import pytest

from preprocessing import DefinitionError, encode, parse_definition, prepare, rows_to_columns
from refrain.fast_path.features import RequestFeatures
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


CHAIN = {
    "age_group": {"from": "age", "make": "bins", "edges": [18, 65]},
    "age": {"from": ["late", "early"], "make": "difference"},
    "late": {"from": "joined", "make": "days"},
    "early": {"from": "born", "make": "days"},
}


def test_a_feature_may_be_made_of_another_wherever_that_stands() -> None:
    content = document(derived=CHAIN)
    content["columns"] |= {"born": {"type": "time"}}
    definition = parse_definition("shop", content, "shop.toml")
    rows = [{"born": "1970-01-01", "joined": day} for day in ("1970-01-18", "1970-01-19", "2026-01-01", None)]
    columns, _ = prepare(definition, rows_to_columns(rows, definition.inputs), 4, columns=definition.inputs)
    lists = {name: array.tolist() for name, array in columns.items()}

    matrix = encode(definition, {}, columns)

    assert {"born", "joined"} <= {*definition.inputs}
    order = [definition.features.index(name) for name in ("late", "early", "age", "age_group")]
    assert order == sorted(order)
    np.testing.assert_array_equal(matrix[:, order[-1]], [0, 1, 2, np.nan])
    np.testing.assert_array_equal(RequestFeatures(definition, {}).encode(lists), matrix)


@pytest.mark.parametrize(
    ("derived", "problem"),
    [
        ({"a": {"from": "a", "make": "log1p"}}, "derived.a.from: made of itself: a of a"),
        (
            {name: {"from": source, "make": "log1p"} for name, source in zip("abc", "bca", strict=True)},
            "made of itself: a of b of c of a",
        ),
        ({"a": {"from": "b", "make": "log1p"}}, "derived.a.from: expected a column of type number"),
        ({"a": {"from": ["amount", "label"], "make": "features.distance"}}, "columns other than the target"),
        ({"a": {"from": "joined", "make": "days"}, "b": {"from": "a", "make": "hour"}}, "a column of type time"),
        ({"a": {"from": "amount", "make": "bins"}}, "derived.a.edges: expected the edges of the bins"),
        ({"a": {"from": "amount", "make": "bins", "edges": [2, 2]}}, "each one greater than the one before"),
        ({"a": {"from": "amount", "make": "log1p", "edges": [2]}}, "derived.a.edges: only bins have edges"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_place(derived: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        parse_definition("shop", document(derived=derived), "shop.toml")
