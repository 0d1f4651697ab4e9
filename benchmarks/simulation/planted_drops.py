"""Made-up services whose model gets worse for a reason that is known: what it was judged by, and what came in later.

Ten features (numbers of several shapes, three of them alike, a category and a boolean) decide on a target of classes or
values. A model learns 4,000 rows. The reason is planted into what comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.simulation.situations import two_columns
from refrain.statistics.loss_rise import LossRows
from refrain.statistics.metrics import METRICS
from refrain.statistics.row_losses import row_losses, signed_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats, Truth

    type Learn = Callable[[Floats, Truth], Callable[[Floats], Floats]]

type Reason = Literal["nothing", "shift", "turned", "constant", "absent", "half absent", "thousandfold", "shuffled"]

LEARNED_ROWS, JUDGED_ROWS, SERVED_ROWS = 4000, 3000, 2000
NUMBERS, CATEGORY, BOOLEAN = 8, 8, 9
SKEWED, ZEROS = 4, 6
"""The numbers that are not normal: a lognormal one, and one with many zeros."""


@dataclass(frozen=True)
class Drop:
    """The rows that a model was judged by, those that came in, and the feature that is the reason."""

    reference: LossRows
    window: LossRows
    feature: int


@dataclass(frozen=True)
class PlantedWorld:
    """What decides on the target: weights of the numbers and the boolean, effects of the category.

    Where a feature is `noisy`, the target gets harder to tell as it grows.
    """

    weights: Floats
    effects: Floats
    noisy: int | None
    is_regression: bool

    @classmethod
    def draw(cls, random: Random, noisy: int | None, *, is_regression: bool) -> PlantedWorld:
        """Draw a world in which five numbers matter, the category and the boolean."""
        weights = np.zeros(10)
        weights[random.permutation(NUMBERS)[:5]] = random.choice([-1, 1], 5) * random.uniform(0.5, 1.1, 5)
        weights[BOOLEAN] = random.choice([-1, 1]) * random.uniform(1.0, 2.0)
        if noisy is not None and not weights[noisy]:
            weights[noisy] = 0.7
        effects = random.normal(size=5)
        effects = 0.8 * (effects - effects.mean()) / effects.std()
        return cls(weights, effects, noisy, is_regression)

    def tell(self, random: Random, matrix: Floats, turned: NDArray[np.bool_] | bool = False) -> Truth:
        """Draw the target of rows; in some the signal has turned."""
        plain = _plain(matrix)
        signal = plain @ self.weights + self.effects[matrix[:, CATEGORY].astype(int) - 2]
        signal += 0.8 * plain[:, 0] * plain[:, BOOLEAN]
        signal = np.where(turned, -signal, signal)
        noise = np.zeros(len(matrix)) if self.noisy is None else plain[:, self.noisy]
        if self.is_regression:
            return np.asarray(signal + random.normal(size=len(matrix)) * np.exp(0.5 * noise))
        chance = 1 / (1 + np.exp(-2 * np.exp(-0.8 * noise) * signal))
        return (random.random(len(matrix)) < chance).astype(np.int64)

    def relevant(self) -> list[int]:
        """List the features whose loss nobody could overlook."""
        return [int(feature) for feature in np.flatnonzero(np.abs(self.weights) > 0.6)] + [CATEGORY]


def linear(matrix: Floats, truth: Truth) -> Callable[[Floats], Floats]:
    """Learn a linear model."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prepared = make_column_transformer(
        (numbers, [*range(NUMBERS), BOOLEAN]), (OneHotEncoder(handle_unknown="ignore"), [CATEGORY])
    )
    model = make_pipeline(prepared, Ridge() if truth.dtype.kind == "f" else LogisticRegression())
    return _answering(model.fit(matrix, truth), truth)


def boosted(matrix: Floats, truth: Truth) -> Callable[[Floats], Floats]:
    """Learn boosted trees."""
    kind = HistGradientBoostingRegressor if truth.dtype.kind == "f" else HistGradientBoostingClassifier
    return _answering(kind(max_iter=40).fit(matrix, truth), truth)


def draw_drop(reason: Reason, learn: Learn, is_regression: bool, random: Random) -> Drop:
    """Let a model learn and be judged, plant the reason, and let it serve."""
    noisy = int(random.choice([0, 1, 3, SKEWED, 5])) if reason == "shift" else None
    world = PlantedWorld.draw(random, noisy, is_regression=is_regression)
    learned, judged, served = (_draw_features(random, rows) for rows in (LEARNED_ROWS, JUDGED_ROWS, SERVED_ROWS))
    answer = learn(learned, world.tell(random, learned))
    reference = _losses(judged, world.tell(random, judged), answer)
    turned: NDArray[np.bool_] | bool = False
    feature = int(random.choice(world.relevant()))
    if noisy is not None:
        feature = noisy
        served[:, noisy] = served[:, noisy] * np.exp(0.7) if noisy == SKEWED else served[:, noisy] + 1
    elif reason == "turned":
        feature = int(random.integers(10))
        turned = _segment(random, served[:, feature], feature)
    truth = world.tell(random, served, turned)
    if reason == "thousandfold":
        feature = next(number for number in world.relevant() if number < NUMBERS)
    served[:, feature] = _broken(random, served[:, feature], feature, reason)
    return Drop(reference, _losses(served, truth, answer), feature)


def _draw_features(random: Random, rows: int) -> Floats:
    matrix = random.normal(size=(rows, 10))
    matrix[:, :3] = 0.7 * matrix[:, :3] + 0.714 * random.normal(size=(rows, 1))
    matrix[:, SKEWED] = np.exp(0.7 * matrix[:, SKEWED])
    matrix[:, ZEROS] = np.where(random.random(rows) < 0.4, 0, np.exp(matrix[:, ZEROS]))
    matrix[:, CATEGORY] = 2 + random.choice(5, rows, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    matrix[:, BOOLEAN] = random.random(rows) < 0.35
    return matrix


def _plain(matrix: Floats) -> Floats:
    """Return the features on scales that are alike; the category has no scale."""
    plain = matrix.copy()
    plain[:, SKEWED] = np.log(matrix[:, SKEWED]) / 0.7
    plain[:, ZEROS] = 1.5 * np.log1p(matrix[:, ZEROS]) - 0.7
    plain[:, CATEGORY] = 0.0
    plain[:, BOOLEAN] = matrix[:, BOOLEAN] - 0.35
    return plain


def _segment(random: Random, values: Floats, feature: int) -> NDArray[np.bool_]:
    """Choose rows by a feature: one of its four most frequent values, all of true, or its upper 15 or 25 %."""
    if feature == CATEGORY:
        return np.asarray(values == 2 + random.integers(4))
    if feature == BOOLEAN:
        return np.asarray(values == 1)
    return np.asarray(values > np.quantile(values, random.choice([0.75, 0.85])))


def _broken(random: Random, values: Floats, feature: int, reason: Reason) -> Floats:
    absent = 0.0 if feature == CATEGORY else np.nan
    match reason:
        case "constant":
            return np.full(len(values), 2.0 if feature == CATEGORY else np.median(values))
        case "absent":
            return np.full(len(values), absent)
        case "half absent":
            return np.where(random.random(len(values)) < 0.5, absent, values)
        case "thousandfold":
            return values * 1000
        case "shuffled":
            return random.permutation(values)
    return values


def _answering(model: object, truth: Truth) -> Callable[[Floats], Floats]:
    if truth.dtype.kind == "f":
        return lambda matrix: model.predict(matrix)[:, np.newaxis]  # type: ignore[attr-defined]
    return lambda matrix: two_columns(model.predict_proba(matrix)[:, 1])  # type: ignore[attr-defined]


def _losses(matrix: Floats, truth: Truth, answer: Callable[[Floats], Floats]) -> LossRows:
    narrow = matrix.astype(np.float32)
    answers, metric = answer(narrow.astype(np.float64)), METRICS["rmse" if truth.dtype.kind == "f" else "brier"]
    losses, errors = row_losses(metric, truth, answers), signed_errors(metric, truth, answers)
    return LossRows(narrow, losses, errors, np.arange(len(truth)))
