"""One step back: the rows that play the holdout are those that the run's split would hold out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import parse_definition
from refrain.training.all_rows import mark_newer

if TYPE_CHECKING:
    from preprocessing import Columns, Definition

ROWS = 1000


def define(**training: Any) -> Definition:
    columns = {"at": {"type": "time"}, "shop": {"type": "category", "required": True}, "y": {"type": "number"}}
    candidates = [{"name": "none", "estimator": "sklearn.dummy.DummyRegressor"}]
    document = {"task": "regression", "target": "y", "columns": columns, "time": "at"}
    return parse_definition("m", document | {"training": {"candidates": candidates, **training}}, "m.toml")


@pytest.fixture
def columns() -> Columns:
    draw = np.random.default_rng(0)
    hours = draw.permutation(ROWS).astype("timedelta64[h]")
    shops = np.array([f"shop {number}" for number in range(50)], dtype=object)[draw.integers(0, 50, ROWS)]
    return {"at": np.datetime64("2026-01-01", "us") + hours, "shop": shops, "y": np.arange(float(ROWS))}


def test_the_newest_rows_are_newer_by_time_and_the_last_ones_by_upload(columns: Columns) -> None:
    by_time = mark_newer(define(split="time", holdout=0.3), columns)
    assert by_time.sum() == 300
    assert columns["at"][by_time].min() > columns["at"][~by_time].max()

    assert np.flatnonzero(mark_newer(define(split="upload", holdout=0.3), columns)).tolist() == list(range(700, 1000))


def test_any_rows_are_newer_where_a_hash_decides_and_the_same_ones_each_time(columns: Columns) -> None:
    definition = define(split="hash", holdout=0.3)

    newer = mark_newer(definition, columns)

    assert newer.sum() == 300
    assert 120 < np.median(np.flatnonzero(newer)) < 880
    assert (mark_newer(definition, columns) == newer).all()


@pytest.mark.parametrize("split", ["time", "upload", "hash"])
def test_at_most_one_group_is_on_both_sides(columns: Columns, split: str) -> None:
    newer = mark_newer(define(split=split, holdout=0.3, group="shop"), columns)

    assert newer.sum() == 300
    assert len(set(columns["shop"][newer]) & set(columns["shop"][~newer])) <= 1
