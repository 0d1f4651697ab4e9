"""From captured predictions and labels to the facts that a challenger is judged by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.classes import aligned, class_labels
from refrain.lake.capture.predictions import Captured, join_labels
from refrain.trial.verdict import TrialFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.lake.capture.predictions import CapturedRow
    from refrain.lake.deployment import Challenger
    from refrain.lake.expectation import Expectation
    from refrain.lake.label import Label

LABEL_METRICS = frozenset({"accuracy", "f1"})
"""Metrics of labels: a loss is a wrong label. For the others it is the squared error of the probabilities (Brier)."""


@dataclass(frozen=True)
class TrialSetting:
    """A champion, its challenger, and what to expect of them. `classes` are in the challenger's order."""

    definition: Definition
    champion: str
    challenger: Challenger
    classes: tuple[str, ...]
    expectation: Expectation

    def scaled(self, rows: Sequence[CapturedRow], *, of_shadow: bool = False) -> Floats:
        """Return the answers to rows, or those of the shadow, in the order of all classes and scaled."""
        answers = np.zeros((len(rows), max(len(self.expectation.classes), 1)))
        for index, row in enumerate(rows):
            classes = (self.classes if of_shadow else row.classes) or ()
            answer = np.array([row.shadow if of_shadow else row.answer], dtype=np.float64)
            answers[index] = aligned(answer, classes, self.expectation.classes)[0]
        return self.expectation.scaled(answers)

    def answered_by_challenger(self, rows: Sequence[CapturedRow]) -> NDArray[np.bool_]:
        """Tell for each row whether the challenger answered it."""
        return np.array([row.version == self.challenger.version for row in rows], dtype=bool)


def gather_facts(trial: TrialSetting, captured: Captured, labels: Mapping[str, Label], minutes: float) -> TrialFacts:
    """Gather the evidence on the challenger since its trial began."""
    rows = sorted(captured.rows, key=lambda row: (row.time, row.id))
    if trial.challenger.mode == "shadow":
        of_trial = [row for row in rows if row.shadow_version == trial.challenger.version]
        return _shadow_facts(trial, of_trial, labels, minutes)
    return _canary_facts(trial, rows, labels, minutes)


def _shadow_facts(
    trial: TrialSetting, rows: list[CapturedRow], labels: Mapping[str, Label], minutes: float
) -> TrialFacts:
    """Compare both answers to every row."""
    distinct = list(_distinct([row for row in rows if row.shadow], ()))
    champion, challenger = trial.scaled(distinct), trial.scaled(distinct, of_shadow=True)
    labelled, truth = _labelled(trial, distinct, labels)
    losses = _losses(trial, trial.scaled(labelled, of_shadow=True), truth)
    disagreeing = champion.argmax(axis=1) != challenger.argmax(axis=1)
    return TrialFacts(
        minutes=minutes,
        failed=np.array([not row.shadow for row in rows], dtype=np.float64),
        requests=np.unique([_request(row) for row in rows], return_inverse=True)[1],
        milliseconds=_milliseconds(rows, [row.shadow_milliseconds or 0.0 for row in rows]),
        distances=trial.expectation.distances(champion, challenger),
        expected_distance=trial.expectation.distance,
        losses=losses - _losses(trial, trial.scaled(labelled), truth),
        disagreeing=float(disagreeing.mean()) if trial.expectation.classes and len(disagreeing) else None,
    )


def _canary_facts(
    trial: TrialSetting, rows: list[CapturedRow], labels: Mapping[str, Label], minutes: float
) -> TrialFacts:
    """Compare the answers to different entities, each answered by one of the two."""
    versions = (trial.champion, trial.challenger.version)
    asked = [row for row in rows if row.version == versions[1] or (row.fallback and row.version == versions[0])]
    answered = [row for row in asked if not row.fallback]
    of_both = [row for row in rows if not row.fallback and row.version in versions]
    distinct = list(_distinct(of_both, trial.definition.key))
    labelled, truth = _labelled(trial, distinct, labels)
    losses = _losses(trial, trial.scaled(labelled), truth)
    return TrialFacts(
        minutes=minutes,
        failed=np.array([row.fallback for row in asked], dtype=np.float64),
        requests=np.unique([_request(row) for row in asked], return_inverse=True)[1],
        milliseconds=_milliseconds(answered, [row.milliseconds for row in answered]),
        shifts=_shifts(trial, distinct),
        losses=pair_differences(losses, trial.answered_by_challenger(labelled)),
    )


def _request(row: CapturedRow) -> str:
    """Name the request that a row came with (see `lake.prediction_id`)."""
    return row.id.rpartition("-")[0]


def _milliseconds(rows: Sequence[CapturedRow], durations: Sequence[float]) -> Floats:
    """Return for each request the time for one row; of a sampled request the last row's number tells the count."""
    requests: dict[str, tuple[float, int]] = {}
    for row, milliseconds in zip(rows, durations, strict=True):
        count = int(row.id.rpartition("-")[2]) + 1 if row.id[-1:].isdigit() else 1
        requests[_request(row)] = (milliseconds, max(count, requests.get(_request(row), (0.0, 1))[1]))
    return np.array([milliseconds / count for milliseconds, count in requests.values()], dtype=np.float64)


def _distinct(rows: Iterable[CapturedRow], key: tuple[str, ...]) -> Iterable[CapturedRow]:
    """Yield the first row of each entity that a version answered: one that comes again says nothing new."""
    entities: set[str] = set()
    for row in rows:
        values = [row.instance.get(name) for name in key]
        identity = values if key and None not in values else row.instance
        entity = json.dumps([row.version, identity], sort_keys=True, default=str)
        if entity not in entities:
            entities.add(entity)
            yield row


def _shifts(trial: TrialSetting, rows: list[CapturedRow]) -> dict[str, Floats]:
    """Return for each class how much more mean and spread differ than they did on the holdout."""
    scores, expected = trial.scaled(rows), trial.expectation
    of_challenger = trial.answered_by_challenger(rows)
    names = expected.classes or ["value"]
    shifts = {}
    for index in range(1, 2) if len(names) == 2 else range(len(names)):
        name, means = names[index], scores[:, index]
        spreads = np.abs(means - expected.centre[index])
        shifts[f"mean of {name}"] = pair_differences(means, of_challenger) - expected.mean_gap[index]
        shifts[f"spread of {name}"] = pair_differences(spreads, of_challenger) - expected.spread_gap[index]
    return shifts


def pair_differences(values: Floats, of_challenger: NDArray[np.bool_]) -> Floats:
    """Pair each value of the challenger with the mean of the champion's since the one before, and return differences.

    While there is no new one of the champion's the challenger's wait, and are paired by their mean. So every
    difference has the same expectation, and no value counts twice.

    >>> pair_differences(np.array([1.0, 3.0, 5.0, 6.0, 4.0]), np.array([False, False, True, True, False])).tolist()
    [3.0, 2.0]
    """
    differences: list[float] = []
    waiting: tuple[list[float], list[float]] = ([], [])
    for value, is_challengers in zip(values.tolist(), of_challenger.tolist(), strict=True):
        waiting[is_challengers].append(value)
        if all(waiting):
            differences.append(float(np.mean(waiting[True])) - float(np.mean(waiting[False])))
            waiting = ([], [])
    return np.array(differences, dtype=np.float64)


def _labelled(
    trial: TrialSetting, rows: list[CapturedRow], labels: Mapping[str, Label]
) -> tuple[list[CapturedRow], Any]:
    """Return the rows with a usable label, in the order in which the labels came, and the truth."""
    joined = join_labels(Captured(rows), labels)
    target, problems = joined.target(trial.definition)
    in_order = np.argsort(joined.received, kind="stable")
    usable = in_order[~np.isin(in_order, [problem.row for problem in problems])]
    truth = target[usable]
    if trial.definition.task == "classification":
        truth = class_labels(trial.definition.columns[trial.definition.target], truth)
    return [joined.captured.rows[row] for row in usable], truth


def _losses(trial: TrialSetting, scaled: Floats, truth: Any) -> Floats:
    """Return losses between 0 and 1: wrong labels, half the Brier score, or the scaled absolute error."""
    if not len(scaled):
        return np.empty(0)
    classes = trial.expectation.classes
    if not classes:
        target = trial.expectation.scaled(np.asarray(truth, dtype=np.float64)[:, np.newaxis])
        return np.asarray(np.abs(scaled - target)[:, 0], dtype=np.float64)
    is_class = np.array([[label == name for name in classes] for label in truth], dtype=np.float64)
    if trial.definition.training.metric in LABEL_METRICS:
        return 1.0 - is_class[np.arange(len(is_class)), scaled.argmax(axis=1)]
    unknown = 1.0 - is_class.sum(axis=1)  # a class that neither of them knows
    return np.clip((((scaled - is_class) ** 2).sum(axis=1) + unknown) / 2, 0.0, 1.0)
