"""What a version saw in training, for later comparison."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import objects
from refrain.training.baseline import MOST_COUNTED, make_baseline, profile_category, profile_number

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn


def test_every_feature_is_described_as_the_model_gets_it(learn: Learn) -> None:
    learned = learn(2)
    answers = learned.fit("linear_model.LogisticRegression").answers(learned.matrix[:100])

    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, ["class 0", "class 1"], answers)

    features = baseline["features"]
    assert isinstance(features, dict)
    assert tuple(features) == learned.definition.features
    assert features["city"]["type"] == "category"
    assert features["city"]["missing"] == pytest.approx(0.1, abs=0.03)
    assert features["hour"]["max"] == 23
    assert features["age"]["quantiles"][0] == features["age"]["min"]
    assert 20_000 < features["at"]["mean"] < 22_000
    assert baseline["rows"] == 1200
    json.dumps(baseline, allow_nan=False)


def test_answers_are_described_by_class(learn: Learn) -> None:
    learned = learn(2)
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])

    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, ["no", "yes"], answers)

    predictions = baseline["predictions"]
    assert isinstance(predictions, dict)
    assert predictions["rows"] == 4
    assert predictions["labels"] == {"no": 0.75, "yes": 0.25}
    assert predictions["probabilities"]["yes"]["mean"] == pytest.approx(0.4)


def test_values_are_described_as_numbers(learn: Learn) -> None:
    learned = learn(0)
    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, None, np.array([[1.0], [3.0]]))
    predictions = baseline["predictions"]
    assert isinstance(predictions, dict)
    assert (predictions["rows"], predictions["min"], predictions["max"]) == (2, 1.0, 3.0)


def test_a_number_that_is_always_missing_has_no_figures() -> None:
    assert profile_number(np.array([np.nan, np.nan])) == {
        "type": "number",
        "min": None,
        "max": None,
        "mean": None,
        "std": None,
        "missing": 1.0,
        "quantiles": [],
        "bins": {"edges": [], "counts": [0]},
    }


def test_the_rarest_of_many_values_are_counted_together() -> None:
    values = [f"value {place}" for place in range(MOST_COUNTED + 5)]

    found = profile_category(objects([*values, *values[:10]]))

    counts = found["counts"]
    assert isinstance(counts, dict)
    assert len(counts) == MOST_COUNTED
    assert list(counts)[:10] == sorted(values[:10])
    assert found["other"] == 5
