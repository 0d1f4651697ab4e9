"""Rows of every type, some missing, from which a class or a value can be learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from preprocessing import (
    Array,
    Candidate,
    Definition,
    Vocabularies,
    encode,
    learn_vocabularies,
    objects,
    parse_definition,
)
from refrain.training.fitting import Fitted, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 1200
CITIES = np.array(["Bern", "Genève", "Lugano", "Zürich"], dtype=object)


@dataclass(frozen=True)
class Learned:
    """A definition with rows to learn from, and what the preprocessing layer makes of them."""

    definition: Definition
    columns: dict[str, Array]
    vocabularies: Vocabularies
    matrix: NDArray[np.float32]

    def fit(self, estimator: str, features: str = "auto", **parameters: Any) -> Fitted:
        """Fit an estimator on the rows."""
        dotted = estimator if estimator.startswith(("lightgbm.", "xgboost.")) else f"sklearn.{estimator}"
        candidate = Candidate("tried", dotted, features, parameters)
        return fit(self.definition, candidate, self.vocabularies, self.matrix, self.columns[self.definition.target])


Learn = Callable[..., Learned]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Many threads on few rows wait for each other, above all when other tests run."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def learn() -> Learn:
    """Make rows with so many classes (0: values), with missing values or without."""

    def make(classes: int = 2, gaps: bool = True, **changes: Any) -> Learned:
        definition = parse_definition("visits", document(classes) | changes, "visits.toml")
        columns = rows(classes, gaps)
        vocabularies = learn_vocabularies(definition, columns)
        return Learned(definition, columns, vocabularies, encode(definition, vocabularies, columns))

    return make


def document(classes: int) -> dict[str, Any]:
    """Write the definition of `visits`."""
    return {
        "task": "classification" if classes else "regression",
        "target": "outcome",
        "key": ["id"],
        "columns": {
            "id": {"type": "category"},
            "at": {"type": "time", "min": "2020-01-01"},
            "age": {"type": "number", "min": 0, "max": 120},
            "income": {"type": "number"},
            "city": {"type": "category"},
            "size": {"type": "category", "allowed": ["S", "M", "L"]},
            "member": {"type": "boolean"},
            "outcome": {"type": "category" if classes else "number"},
        },
        "derived": {"hour": {"from": "at", "make": "hour"}},
        "training": {"candidates": [{"name": "tried", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
    }


def rows(classes: int, gaps: bool) -> dict[str, Array]:
    """Draw rows, always the same."""
    draw = np.random.default_rng(7)
    at = np.datetime64("2026-01-01", "us") + draw.integers(0, 300 * 24 * 60, ROWS).astype("timedelta64[m]")
    age, income = draw.uniform(18, 90, ROWS).round(1), draw.lognormal(10, 1, ROWS)
    city, member = CITIES[draw.integers(0, 4, ROWS)], draw.integers(0, 2, ROWS).astype(float)
    size = np.array(["S", "M", "L"], dtype=object)[draw.integers(0, 3, ROWS)]
    signal = (age - 50) / 20 + np.log(income) - 10 + (city == "Bern") + member + draw.normal(0, 0.5, ROWS)
    edges = np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]) if classes else np.array([])
    outcome = objects([f"class {place}" for place in np.digitize(signal, edges)]) if classes else 100 * signal
    if gaps:
        for array in (age, income, member):
            array[draw.random(ROWS) < 0.1] = np.nan
        at[draw.random(ROWS) < 0.1] = np.datetime64("NaT", "us")
        for texts in (city, size):
            texts[draw.random(ROWS) < 0.1] = None
    identity = objects([str(row) for row in range(ROWS)])
    return {
        "id": identity,
        "at": at,
        "age": age,
        "income": income,
        "city": city,
        "size": size,
        "member": member,
        "outcome": outcome,
    }
