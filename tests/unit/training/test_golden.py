"""Golden rows: what callers send, the ordinary and the unusual."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import encode, parse_definition, prepare, rows_to_columns
from refrain.model.tabular import TabularModel
from refrain.training.golden import answer_instances, golden_rows
from tests.unit.training.regressions import TARGETS, learn_regression

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn, Learned


def made(learned: Learned) -> list[dict[str, Any]]:
    return golden_rows(learned.definition, learned.columns)


def test_every_row_is_json_and_taken_by_the_preprocessing_layer(learn: Learn) -> None:
    learned = learn(2)
    rows = made(learned)
    raw = rows_to_columns(rows, learned.definition.inputs)

    _, problems = prepare(learned.definition, raw, len(rows), columns=learned.definition.inputs)

    assert problems == []
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert 30 <= len(rows) <= 80
    assert not any({"id", "outcome", "hour"} & set(row) for row in rows)


def test_the_unusual_is_among_them(learn: Learn) -> None:
    learned = learn(2)
    rows = made(learned)
    inputs = learned.definition.inputs

    for name in inputs:
        assert any(name not in row or row[name] is None for row in rows)
    assert dict.fromkeys(inputs) in rows
    assert any(len(row) == len(inputs) - 1 for row in rows)
    assert any(isinstance(row.get("age"), str) for row in rows)
    assert any(row.get("member") in ("yes", "no") for row in rows)
    assert any(str(row.get("city")).startswith("  ") for row in rows)
    assert any(row.get("city") == "never seen in training" for row in rows)
    assert {0, 120} <= {row.get("age") for row in rows}
    extremes = np.nanmin(learned.columns["income"]), np.nanmax(learned.columns["income"])
    assert set(extremes) <= {row.get("income") for row in rows}


def test_a_column_that_training_never_saw_has_no_extremes(learn: Learn) -> None:
    learned = learn(2)
    learned.columns["income"][:] = np.nan
    assert all(row.get("income") is None for row in made(learned))


def test_what_the_definition_refuses_is_not_among_them(learn: Learn) -> None:
    # Given a column that is required, and one with allowed values only
    document = learn(2).definition.document["columns"]
    assert isinstance(document, dict)
    columns = document | {"age": {"type": "number", "required": True}}

    rows = made(learn(2, gaps=False, columns=columns))

    assert all(row.get("age") is not None for row in rows)
    assert all(str(row.get("size", "S")).strip() in ("S", "M", "L", "None") for row in rows)


def test_numbers_as_text_have_the_point_of_the_definition(learn: Learn) -> None:
    rows = made(learn(2, source={"decimal": ","}))
    texts = [row["age"] for row in rows if isinstance(row.get("age"), str)]
    assert texts
    assert any("," in text for text in texts)
    assert not any("." in text for text in texts)


def test_answers_are_those_of_the_whole_way(learn: Learn) -> None:
    learned = learn(2)
    fitted = learned.fit("linear_model.LogisticRegression")
    rows = made(learned)

    kept, answers = answer_instances(learned.definition, learned.vocabularies, fitted, rows)

    # Then an ordinary row gets what the training row that it was made of gets, and other ways to write it the same
    columns = {name: learned.columns[name][:1] for name in learned.definition.inputs}
    first = fitted.answers(encode(learned.definition, learned.vocabularies, columns))
    np.testing.assert_array_equal(answers[:1], first)
    assert kept == rows
    assert answers.shape == (len(rows), 2)


def test_a_wide_table_makes_no_flood_of_rows(learn: Learn) -> None:
    document = learn(2).definition.document["columns"]
    assert isinstance(document, dict)
    wide = {f"x{place}": {"type": "number"} for place in range(300)}
    changed = {**learn(2).definition.document, "columns": {**document, **wide}}
    definition = parse_definition("wide", changed, "wide.toml")
    columns = learn(2).columns | {name: np.arange(1200.0) for name in wide}

    assert len(golden_rows(definition, columns)) <= 80


def test_rows_without_a_finite_answer_are_left_out() -> None:
    version = learn_regression("linear_model.GammaRegressor", TARGETS["prices"], limits={"max": 1e6})

    assert len(version.files.golden.rows) == len(version.files.golden.answers) >= 20
    assert np.isfinite(version.files.golden.answers).all()
    assert version.model.replay(version.files.golden).holds


@pytest.mark.parametrize("limit", [0.0, 1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize(("estimator", "parameters"), [("linear_model.Ridge", {}), ("linear_model.HuberRegressor", {})])
def test_exchanged_codes_are_seen_under_any_limit(estimator: str, parameters: dict[str, Any], limit: float) -> None:
    limits = {"max": limit} if limit else {}
    version = learn_regression(estimator, TARGETS["years"], limits=limits, **parameters)
    manifest = version.files.manifest
    vocabulary = manifest.vocabularies["group"]

    for one, other in combinations(range(len(vocabulary)), 2):
        codes = list(vocabulary)
        codes[one], codes[other] = codes[other], codes[one]
        exchanged = replace(manifest, vocabularies={"group": tuple(codes)})
        assert not TabularModel.load(exchanged, version.files.model).replay(version.files.golden).holds
    assert version.model.replay(version.files.golden).holds
