"""A search names parameters with options or bounds, or is refused with what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import DefinitionError, parse_definition
from preprocessing.model_rules import ParameterRange, Search


def read(**candidate: Any) -> Search | None:
    document = {
        "task": "regression",
        "target": "price",
        "columns": {"price": {"type": "number"}, "size": {"type": "number"}},
        "training": {"candidates": [{"name": "ridge", "estimator": "sklearn.linear_model.Ridge", **candidate}]},
    }
    return parse_definition("m", document, "m.toml").training.candidates[0].search


def test_options_and_bounds_are_read() -> None:
    ranges = {"alpha": {"low": 0.1, "high": 10}, "max_iter": {"low": 5, "high": 9}}
    search = read(search={"solver": ["svd", "lsqr"], **ranges})

    assert search == Search(
        {
            "solver": ("svd", "lsqr"),
            "alpha": ParameterRange(0.1, 10.0, whole=False),
            "max_iter": ParameterRange(5.0, 9.0, whole=True),
        },
        trials=20,
    )
    assert read() is None


@pytest.mark.parametrize(
    ("candidate", "sentence"),
    [
        ({"search": {"trials": 5}}, r"\[0\].search: expected parameters to try"),
        ({"search": {"alpha": [1, 2], "trials": 1}}, "search.trials: expected a whole number from 2 to 200"),
        ({"search": {"alpha": [1]}}, "search.alpha: expected a list of at least two"),
        ({"search": {"alpha": 1}}, "search.alpha: expected a list of at least two"),
        ({"search": {"alpha": [[1], [2]]}}, "search.alpha: expected a list of at least two"),
        ({"search": {"alpha": {"low": 2, "high": 1}}}, "search.alpha: expected a low that is less than high"),
        ({"search": {"alpha": {"low": 2}}}, "search.alpha: expected a low that is less than high"),
        ({"search": {"alpha": {"low": 1, "high": 2, "step": 1}}}, "search.alpha.step: unknown key"),
        ({"search": {"alpha": [1, 2]}, "alpha": 3}, "alpha: expected a parameter either with a value or in the search"),
        ({"search": 5}, "search: expected a table, got 5"),
    ],
)
def test_what_cannot_be_searched_is_refused(candidate: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DefinitionError, match=sentence):
        read(**candidate)
