"""What a version saw in training, for later comparison."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import objects
from refrain.lake.feature_profile import BinCounts, CategoryProfile, NumberProfile
from refrain.training.baseline import MAX_COUNTED_VALUES, make_baseline, profile_category, profile_number

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn


def test_every_feature_is_described_as_the_model_gets_it(learn: Learn) -> None:
    learned = learn(2)
    answers = learned.fit("linear_model.LogisticRegression").answers(learned.matrix[:100])

    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, ["class 0", "class 1"], answers)

    features = baseline.features
    city, hour, age, at = (features[name] for name in ("city", "hour", "age", "at"))
    assert isinstance(city, CategoryProfile)
    assert isinstance(hour, NumberProfile) and isinstance(age, NumberProfile) and isinstance(at, NumberProfile)
    assert tuple(features) == learned.definition.features
    assert city.missing == pytest.approx(0.1, abs=0.03)
    assert hour.max == 23
    assert age.quantiles[0] == age.min
    assert at.mean is not None and 20_000 < at.mean < 22_000
    assert baseline.rows == 1200
    json.dumps(baseline.to_json(), allow_nan=False)


def test_answers_are_described_by_class(learn: Learn) -> None:
    learned = learn(2)
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])

    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, ["no", "yes"], answers)

    predictions = baseline.predictions
    assert predictions.rows == 4
    assert predictions.labels == {"no": 0.75, "yes": 0.25}
    assert predictions.probabilities is not None
    assert predictions.probabilities["yes"].mean == pytest.approx(0.4)


def test_values_are_described_as_numbers(learn: Learn) -> None:
    learned = learn(0)
    baseline = make_baseline(learned.definition, learned.columns, learned.matrix, None, np.array([[1.0], [3.0]]))
    predictions = baseline.predictions
    assert predictions.values is not None
    assert (predictions.rows, predictions.values.min, predictions.values.max) == (2, 1.0, 3.0)


def test_a_number_that_is_always_missing_has_no_figures() -> None:
    nothing = NumberProfile(None, None, None, None, missing=1.0, quantiles=[], bins=BinCounts(edges=[], counts=[0]))
    assert profile_number(np.array([np.nan, np.nan])) == nothing


def test_the_rarest_of_many_values_are_counted_together() -> None:
    values = [f"value {place}" for place in range(MAX_COUNTED_VALUES + 5)]

    profile = profile_category(objects([*values, *values[:10]]))

    assert len(profile.counts) == MAX_COUNTED_VALUES
    assert list(profile.counts)[:10] == sorted(values[:10])
    assert profile.other == 5
