"""Makes of a model that was fitted elsewhere what a trained candidate is: baseline, golden rows, what is familiar."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from preprocessing import encode, prepare, rows_to_columns
from refrain.classes import class_labels, class_numbers
from refrain.lake.parity_figures import AnswerSpread
from refrain.lake.version import Golden
from refrain.statistics.metrics import choose_metric
from refrain.statistics.trivial_predictor import learn_trivial_answer
from refrain.training.baseline import make_baseline
from refrain.training.export import export
from refrain.training.familiar import learn_familiar
from refrain.training.fitted_candidate import FittedCandidate
from refrain.training.fitting import Fitted, choose_positive
from refrain.training.golden import golden_rows
from refrain.training.history import count_history
from refrain.training.target_scaling import keep_target
from refrain.training.thresholds import round_thresholds

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from preprocessing import Columns, Definition, Vocabularies
    from refrain.arrays import Floats

RECIPE = "imported"
THRESHOLD_ROOM = 2.5e-7
"""A few steps of float32, as a share of a feature's greatest threshold."""


class AskedModel(Protocol):
    """A model that answers typed columns; `classes` are in the order of its answers."""

    classes: tuple[str, ...] | None

    def answers(self, columns: Columns) -> Floats:
        """Answer rows."""


class ReadyModel(Protocol):
    """A model as a graph on the features of a definition, with rows, typed, and its own answers to them."""

    @property
    def source(self) -> AskedModel:
        """The model as it was."""

    @property
    def definition(self) -> Definition:
        """The definition of its version."""

    @property
    def vocabularies(self) -> Vocabularies:
        """The categories that it knows."""

    @property
    def graph(self) -> bytes:
        """The graph."""

    @property
    def columns(self) -> Columns:
        """The rows."""

    @property
    def answers(self) -> Floats:
        """Its answers to them."""


def export_fitted(pipeline: Pipeline, classes: tuple[str, ...] | None, width: int) -> bytes:
    """Export a pipeline on the feature matrix that was not fitted here. Raises `CandidateRefused`."""
    own = deepcopy(pipeline)
    estimator = own.steps[-1][1]
    _raise_thresholds(estimator)
    round_thresholds(estimator)
    return export(Fitted(own, RECIPE, classes, None, ()), width)


def _raise_thresholds(estimator: Any) -> None:
    """Raise the thresholds of histogram boosting a little, since some are the value of a row, which goes left.

    It was learned in double precision. Float32 may round the value up, and past the threshold.
    """
    nodes = [tree.nodes for trees in getattr(estimator, "_predictors", ()) for tree in trees]
    greatest: dict[int, float] = {}
    for tree in nodes:
        for feature, size in zip(tree["feature_idx"], np.abs(tree["num_threshold"]), strict=True):
            greatest[feature] = max(greatest.get(feature, 0.0), size if np.isfinite(size) else 0.0)
    for tree in nodes:
        tree["num_threshold"] += [THRESHOLD_ROOM * greatest[feature] for feature in tree["feature_idx"]]


def describe_imported(model: ReadyModel) -> FittedCandidate:
    """Profile a model by its rows, which count as those that it learned from."""
    definition, columns, answers = model.definition, model.columns, model.answers
    classes = model.source.classes
    matrix = encode(definition, model.vocabularies, columns)
    baseline = make_baseline(definition, columns, matrix, classes, answers, columns)
    positive, trivial = _judge_target(definition, columns, classes)
    return FittedCandidate(
        graph=model.graph,
        baseline=baseline,
        history=count_history(definition, columns, matrix, baseline, answers, columns),
        golden=_make_golden(model),
        answers={},
        fit_seconds=0.0,
        recipe=RECIPE,
        vocabularies=model.vocabularies,
        features=definition.features,
        classes=classes,
        positive=positive,
        trivial=trivial,
        target_scale=None if classes else keep_target(columns[definition.target]),
        familiar=learn_familiar(definition, model.vocabularies, columns, matrix).to_bytes(),
    )


def _judge_target(
    definition: Definition, columns: Columns, classes: tuple[str, ...] | None
) -> tuple[str | None, tuple[float, ...]]:
    """Choose the positive class, and learn the trivial answer."""
    target, rules, positive = columns[definition.target], definition.training, None
    if classes is not None:
        target = class_numbers(class_labels(definition.columns[definition.target], target), classes)
        positive = choose_positive(rules.positive, classes, target)
    metric = choose_metric(rules.metric, classes or (), positive, definition.decision.cost)
    return positive, tuple(learn_trivial_answer(metric, target, len(classes or ())).tolist())


def _make_golden(model: ReadyModel) -> Golden:
    """Let the model as it was answer golden rows; those without a finite answer are left out."""
    definition = model.definition
    rows = golden_rows(definition, model.columns)
    columns, _ = prepare(definition, rows_to_columns(rows, definition.inputs), len(rows), columns=definition.inputs)
    answers = model.source.answers(columns)
    finite = np.isfinite(answers).all(axis=1)
    usable = [row for row, kept in zip(rows, finite, strict=True) if kept]
    return Golden(usable, answers[finite].tolist(), None if model.source.classes else AnswerSpread.of(model.answers))
