"""The rows that all models of a run are measured by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from preprocessing import Columns, objects, parse_definition
from refrain.evaluation import judged_answers
from refrain.evaluation.evaluated_model import Holdout, TabularEvaluation, find_groups
from refrain.lake.judged_rows import JudgedRows
from refrain.lake.packed_columns import PackedFile
from refrain.lake.snapshot import write_snapshot_rows
from tests.stored import RUN, make_manifest
from tests.unit.evaluation.learned_runs import answering
from tests.unit.serving import tiny

ROWS: Columns = {
    "city": objects(["Oslo", "Oslo", "Rome", "Rome"]),
    "age": np.array([20.0, 30.0, 20.0, 30.0]),
    "joined": np.array(["2026-01-01", "2026-02-01"] * 2, "datetime64[us]"),
}


@pytest.mark.parametrize(
    ("changes", "pairs"),
    [
        ({}, None),
        ({"key": ["city", "age"]}, None),
        ({"key": ["joined"]}, None),
        ({"key": ["city", "joined"]}, [(0, 1), (2, 3)]),
        (
            {"key": ["city", "joined"], "training": tiny.candidate("LogisticRegression") | {"group": "age"}},
            [(0, 2), (1, 3)],
        ),
    ],
)
def test_rows_of_one_group_or_of_a_key_that_repeats_belong_together(
    changes: dict[str, Any], pairs: list[tuple[int, int]] | None
) -> None:
    groups = find_groups(parse_definition("people", tiny.PEOPLE | changes, "people.toml"), ROWS)

    assert (groups is None) == (pairs is None)
    for one, other in pairs or ():
        assert groups is not None
        assert groups[one] == groups[other]
        assert len(set(groups.tolist())) == 2


def test_of_the_compared_rows_a_version_keeps_those_whose_class_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given ten held-out rows, of which the comparison left out the first two, and a class that the version lacks
    lake, definition = tiny.Lake(), parse_definition("people", tiny.PEOPLE | {"time": "joined"}, "people.toml")
    packed = PackedFile()
    city = ["Oslo", "Rome", "Bern", "Oslo", "Rome"] * 2
    joined = np.arange("2026-01-01", "2026-01-11", dtype="datetime64[D]").astype("datetime64[us]")
    packed.add({"city": objects(city), "age": np.arange(10.0), "joined": joined})
    write_snapshot_rows(lake, "people", RUN, "holdout", packed)
    manifest = make_manifest(definition, classes=("Oslo", "Rome"))
    manifest.write(lake, "people", manifest.version)
    holdout = Holdout(np.array([1, 2, 0, 1, 2] * 2), ["Bern", "Oslo", "Rome"]).within(np.arange(2, 10))
    answers = np.arange(20.0).reshape(10, 2)
    evaluated = replace(answering(answers), classes=("Oslo", "Rome"))

    # When its rows are kept, all of them and then three
    kind = TabularEvaluation(lake, definition, RUN)
    kept = []
    for most in (100, 3):
        monkeypatch.setattr(judged_answers, "MAX_KEPT_ROWS", most)
        kind.keep_judged_rows(manifest.version, evaluated, holdout)
        kept.append(JudgedRows.read(lake, manifest))

    # Then they are those that were compared and are of its classes, in their order
    everything, three = kept
    assert everything and three
    assert everything.matrix[:, 0].tolist() == [3, 4, 5, 6, 8, 9]
    assert everything.truth.tolist() == [0, 1, 0, 1, 0, 1]
    assert everything.answers.tolist() == answers[[3, 4, 5, 6, 8, 9]].tolist()
    assert everything.times is not None and everything.times.tolist() == joined[[3, 4, 5, 6, 8, 9]].tolist()
    assert three.matrix[:, 0].tolist() == [3, 5, 9]
