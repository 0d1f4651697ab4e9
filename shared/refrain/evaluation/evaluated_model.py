"""A version measured by the code that serves, and the holdout that all versions of a run are measured by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from preprocessing import present
from refrain.classes import aligned, class_labels, class_numbers
from refrain.evaluation.curves import describe_curves
from refrain.evaluation.importance import MAX_SHUFFLED_ROWS, permutation_importance
from refrain.evaluation.judged_answers import AnsweredHoldout, keep_judged, tell_uncertainty
from refrain.lake.packed_columns import fit_to
from refrain.lake.search import read_search_result
from refrain.lake.snapshot import read_snapshot_rows
from refrain.lake.version import Manifest, read_version_files
from refrain.model.parity import parity
from refrain.model.tabular import TabularModel
from refrain.statistics.hashing import row_hashes
from refrain.statistics.metrics import METRICS, choose_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store
    from refrain.lake.evaluation import Importance
    from refrain.lake.parity_figures import AnswerRounding, Parity
    from refrain.lake.search import SearchResult
    from refrain.lake.version import VersionFiles

    type Marks = NDArray[np.bool_]

MAX_ROWS_AT_ONCE = 50_000
TIMED_ROWS = 20
BY_ROW = ("truth", "trivial", "groups", "times")
"""The parts of a holdout that have one entry for each row, where they are there."""


@dataclass(frozen=True)
class Holdout:
    """The truth that all are measured by; `classes` are those of the holdout and of every version, sorted.

    A regression has no classes. `positive` is the class that all figures are of. `trivial` has the answers of the
    trivial predictor, which a model has to beat. The truth of a recommender is how many new items each user chose, and
    its trivial predictor recommends the most popular items. `groups` has one number for all rows that belong together
    (None: each is alone), `times` the time of each row where rows have one. `compared` are the places of these rows
    among all that were held out, which versions answer.
    """

    truth: Truth
    classes: Sequence[str] = ()
    positive: str | None = None
    trivial: Floats | None = None
    groups: NDArray[np.uint64] | None = None
    times: Array | None = None
    compared: NDArray[np.int64] | slice = slice(None)

    def within(self, compared: NDArray[np.int64]) -> Holdout:
        """Return the rows at these places alone."""
        by_row: dict[str, Any] = {name: getattr(self, name) for name in BY_ROW}
        parts = {name: array[compared] for name, array in by_row.items() if array is not None}
        return replace(self, compared=compared, **parts)


@dataclass(frozen=True)
class EvaluatedModel:
    """A version that could be loaded. `answers` [rows, classes] or [rows, 1] are in the order of its own classes.

    The answers of a recommender are hits [users, positions], 1 or 0 for each item of each list. `describe` returns the
    fields of `ModelSummary` that only this kind of models has; `measure_importance` takes most of a comparison's time,
    and is asked of the models that are looked at closely. The loaded version itself is gone, since evaluation has no
    memory for all at once.
    """

    estimator: str
    classes: Sequence[str]
    positive: str | None
    trivial: Sequence[float] | None
    answers: Floats
    golden: Parity
    parity: Parity | None
    latency_ms: float
    bytes: int
    describe: Callable[[Holdout], dict[str, Any]]
    measure_importance: Callable[[Holdout], list[Importance]]
    rounding: AnswerRounding | None = None

    def answers_to(self, holdout: Holdout) -> Floats:
        """Return the answers in the order of the holdout's classes."""
        return aligned(self.answers[holdout.compared], self.classes, holdout.classes)

    def trivial_answers(self, holdout: Holdout) -> Floats | None:
        """Return the answers of the trivial predictor that was learned from the same rows."""
        if self.trivial is None:
            return None
        answer = aligned(np.array([self.trivial]), self.classes, holdout.classes)
        return np.broadcast_to(answer, (len(holdout.truth), answer.shape[1]))


class EvaluationKind(Protocol):
    """How one kind of models is evaluated."""

    def evaluate(self, files: VersionFiles, expected: Mapping[str, Array] | None) -> EvaluatedModel:
        """Measure a version, and compare a candidate with its estimator's answers. Raises `BrokenVersion`."""

    def holdout(self, models: Sequence[EvaluatedModel]) -> Holdout:
        """Return the truth that all models are measured by."""

    def left_out(self, learned: Marks, copies: Marks) -> tuple[Marks, Marks]:
        """Mark in the holdout what was learned, and what is a copy of what candidates learn, by marks of the rows."""

    def keep_judged_rows(self, version: str, evaluated: EvaluatedModel, holdout: Holdout) -> None:
        """Keep the rows that a version was judged by, for monitoring; a recommender has none."""


class TabularEvaluation:
    """How models of rows are evaluated: each answers all rows of the holdout."""

    def __init__(self, store: Store, definition: Definition, run: str) -> None:
        self._store = store
        self._definition = definition
        self._run = run
        self._rows = read_snapshot_rows(store, definition.model, run, "holdout")

    def evaluate(self, files: VersionFiles, expected: Mapping[str, Array] | None) -> EvaluatedModel:
        """Score all rows, in the order of the snapshot."""
        model = TabularModel.load(files.manifest, files.model, files.baseline, files.familiar)
        columns = fit_to(model.definition, self._rows)
        matrix = model.encode(columns)
        answers = score(model, matrix)
        instances = [present(columns, model.definition.columns, row) for row in range(min(TIMED_ROWS, len(matrix)))]
        return EvaluatedModel(
            estimator=files.manifest.estimator,
            classes=model.classes or (),
            positive=files.manifest.positive,
            trivial=files.manifest.trivial,
            answers=answers,
            golden=model.replay(files.golden),
            parity=None if expected is None else parity(model.definition.task, expected["answers"], answers),
            latency_ms=model.latency_ms(instances),
            bytes=len(files.model),
            describe=partial(self._describe, files.manifest, answers),
            measure_importance=partial(self._measure_importance, model.version, answers),
            rounding=None if expected is None else model.measure_rounding(expected["answers"], answers),
        )

    def _describe(self, manifest: Manifest, answers: Floats, holdout: Holdout) -> dict[str, Any]:
        """Draw the curves of a version's answers."""
        aligned_answers = aligned(answers[holdout.compared], manifest.classes or (), holdout.classes)
        task, classes = self._definition.task, holdout.classes
        curves = describe_curves(task, holdout.truth, aligned_answers, classes, holdout.positive)
        return {
            "curves": curves,
            "uncertainty": tell_uncertainty(self._definition.serving.coverage, holdout.truth, aligned_answers),
            "chosen": manifest.chosen,
            "search": self._find_search(manifest),
            "calibrated": manifest.calibrated,
            "rule": manifest.rule,
        }

    def _find_search(self, manifest: Manifest) -> SearchResult | None:
        """Return what this run tried before it trained a version, where it searched."""
        candidates = {candidate.name: candidate for candidate in self._definition.training.candidates}
        search = candidates[manifest.candidate].search if manifest.candidate in candidates else None
        if search is None or manifest.run != self._run:
            return None
        metric = METRICS[self._definition.training.metric]
        names = (self._definition.model, self._run, manifest.candidate)
        return read_search_result(self._store, *names, search.trials, greater_is_better=metric.greater_is_better)

    def _measure_importance(self, version: str, answers: Floats, holdout: Holdout) -> list[Importance]:
        """Load the version again, and ask it for a sample of the rows with the values of other rows."""
        files = read_version_files(self._store, self._definition.model, version)
        model = TabularModel.load(files.manifest, files.model)
        drawn = np.random.default_rng(0).permutation(len(holdout.truth))[:MAX_SHUFFLED_ROWS]
        rows = np.arange(len(answers))[holdout.compared][drawn]

        def in_order(scores: Floats) -> Floats:
            return aligned(scores, model.classes or (), holdout.classes)

        return permutation_importance(
            lambda matrix: in_order(score(model, matrix)),
            model.encode({name: column[rows] for name, column in fit_to(model.definition, self._rows).items()}),
            in_order(answers[rows]),
            holdout.truth[drawn],
            choose_metric(
                self._definition.training.metric, holdout.classes, holdout.positive, self._definition.decision.cost
            ),
            model.definition.matrix_columns,
        )

    def holdout(self, models: Sequence[EvaluatedModel]) -> Holdout:
        """Return the target, with the classes of the holdout and of all models, and what this run's training learned.

        The positive class and the trivial answer are those of the last model; the first is the champion, of an earlier
        run. The rows of a split by upload have an order without a time.
        """
        definition = self._definition
        target = self._rows[definition.target]
        groups = find_groups(definition, self._rows)
        arrival = np.arange(len(target)) if definition.training.split == "upload" else None
        times = self._rows[definition.time] if definition.time else arrival
        if definition.task == "regression":
            holdout = Holdout(target.astype(np.float64), groups=groups, times=times)
        else:
            labels = class_labels(definition.columns[definition.target], target)
            classes = sorted(set(labels.tolist()).union(*(evaluated.classes for evaluated in models)))
            holdout = Holdout(class_numbers(labels, classes), classes, groups=groups, times=times)
        if not models:
            return holdout
        return replace(holdout, positive=models[-1].positive, trivial=models[-1].trivial_answers(holdout))

    def left_out(self, learned: Marks, copies: Marks) -> tuple[Marks, Marks]:
        """Mark the rows themselves."""
        return learned, copies

    def keep_judged_rows(self, version: str, evaluated: EvaluatedModel, holdout: Holdout) -> None:
        """Keep rows of all that were compared, and how far the version's answers were from their truth."""
        answered = AnsweredHoldout(
            evaluated.classes, evaluated.answers, holdout.truth, holdout.classes, holdout.compared
        )
        keep_judged(self._store, Manifest.read(self._store, self._definition.model, version), self._rows, answered)


def find_groups(definition: Definition, rows: Columns) -> NDArray[np.uint64] | None:
    """Number the rows by what they belong to: their group, else what their key names besides a time, if it repeats.

    A key of customer and month has many rows of one customer, which say less than as many customers do. None: each row
    is alone.
    """
    names = [definition.training.group] if definition.training.group else _entity(definition)
    if not names:
        return None
    groups = row_hashes(rows, names)
    return groups if len(np.unique(groups)) < len(groups) else None


def _entity(definition: Definition) -> list[str]:
    return [name for name in definition.key if definition.columns[name].kind != "time"]


def score(model: TabularModel, matrix: NDArray[np.float32]) -> Floats:
    """Score in blocks, so that memory stays bounded."""
    starts = range(0, len(matrix), MAX_ROWS_AT_ONCE)
    blocks = [model.score(matrix[start : start + MAX_ROWS_AT_ONCE]) for start in starts]
    return np.concatenate(blocks).astype(np.float64)
