"""Cells of the refit: does what was fitted on all rows serve when it is sound, and not when it is broken?

A broken refit has learned shuffled targets, or a column that was lost (all its values are the same).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks.simulation.cell import Bound, Cell
from refrain.evaluation.refit_verdict import is_too_different
from refrain.lake.parity_figures import Parity
from refrain.lake.refit_outcome import RefitFigures
from refrain.statistics.answer_distance import mean_distance, squared_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats, Truth

ROWS, HOLDOUT = 500, 0.2
WEIGHTS = np.array([1.0, -0.7, 0.5, 0.3, 0.0])
RECIPES: dict[str, Callable[[], Any]] = {
    "logistic regression": LogisticRegression,
    "weighted logistic regression": partial(LogisticRegression, class_weight="balanced"),
    "a stump": partial(DecisionTreeClassifier, max_depth=1),
    "a full tree": DecisionTreeClassifier,
    "neighbours": KNeighborsClassifier,
    "boosting": partial(HistGradientBoostingClassifier, max_iter=20, random_state=0),
    "a forest": partial(RandomForestClassifier, n_estimators=15, random_state=0),
    "ridge": Ridge,
    "absolute errors": partial(HistGradientBoostingRegressor, loss="absolute_error", max_iter=20, random_state=0),
    "a forest of values": partial(RandomForestRegressor, n_estimators=15, random_state=0),
}
CHANGES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "a steady world": lambda x, _: x @ WEIGHTS,
    "slow drift": lambda x, time: x @ WEIGHTS + 1.5 * time * x[:, 0],
    "a sudden change in the newest rows": lambda x, time: x @ WEIGHTS + np.where(time > 0.85, 2 * x[:, 1] + 1, 0.0),
}
"""The signal of rows [rows, 5] that come between the times 0 and 1."""


def refit(recipe: str, change: str, random: Random) -> Mapping[str, float]:
    """Judge a sound refit and broken ones, of a strong or a weak signal."""
    x, time = random.normal(size=(ROWS, 5)), np.linspace(0, 1, ROWS)
    signal = random.choice([0.5, 1.0, 2.0]) * CHANGES[change](x, time)
    make = RECIPES[recipe]
    is_values = not hasattr(make(), "predict_proba")
    happened = (random.random(ROWS) < 1 / (1 + np.exp(-signal))).astype(np.float64)
    truth = signal + random.normal(size=ROWS) if is_values else happened
    trained = round(ROWS * (1 - HOLDOUT))
    lost = x.copy()
    lost[:, 0] = 0.0
    fits = {"sound refused": (x, truth), "shuffled seen": (x, random.permutation(truth)), "lost seen": (lost, truth)}
    twin = make().fit(x[:trained], truth[:trained])
    before = round(trained * (1 - HOLDOUT))
    back = make().fit(x[:before], truth[:before])
    usual = mean_distance(*(_answer(model, x[before:trained]) for model in (twin, back)))
    judged = _answer(twin, x[trained:])
    return {
        name: is_too_different(_figures(_answer(make().fit(*rows), rows[0][trained:]), judged, truth[trained:], usual))
        for name, rows in fits.items()
    }


def _answer(model: Any, rows: Floats) -> Floats:
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows))
    return np.asarray(model.predict(rows)).reshape(-1, 1)


def _figures(answers: Floats, judged: Floats, truth: Truth, usual: float) -> RefitFigures:
    exact = Parity(ROWS, 0.0, 0)
    loss, judged_loss = (squared_error(one, truth) for one in (answers, judged))
    return RefitFigures(exact, exact, 0.0, mean_distance(answers, judged), usual, loss, judged_loss)


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for recipe in RECIPES:
        for change in CHANGES:
            is_tested = (recipe, change) == ("logistic regression", "slow drift")
            yield Cell(
                "refit",
                f"{recipe}, {change}",
                partial(refit, recipe, change),
                runs=400,
                bounds=(Bound("sound refused", at_most=0.01),),
                ci_runs=150 if is_tested else 0,
            )
