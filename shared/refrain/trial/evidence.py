"""From captured predictions and labels to the facts that a challenger is judged by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.classes import aligned, class_labels
from refrain.lake.capture.reading import Captured
from refrain.lake.labelled_predictions import join
from refrain.trial.verdict import TrialFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.lake.capture.reading import Row
    from refrain.lake.deployment import Challenger
    from refrain.lake.expectation import Expectation
    from refrain.lake.label_reading import Label

HITS = frozenset({"accuracy", "f1"})
"""Metrics of labels: a loss is a wrong label. For the others it is the squared error of the probabilities (Brier)."""


@dataclass(frozen=True)
class TrialSetting:
    """Who meets whom, by which definition, and what is to be expected. `classes` is the challenger's order of them."""

    definition: Definition
    champion: str
    terms: Challenger
    classes: tuple[str, ...]
    expectation: Expectation

    def scaled(self, rows: Sequence[Row], *, overheard: bool = False) -> Floats:
        """Return the answers to rows in the order of all classes, scaled; those of the shadow when asked for."""
        wide = np.zeros((len(rows), max(len(self.expectation.classes), 1)))
        for place, row in enumerate(rows):
            known = (self.classes if overheard else row.classes) or ()
            answer = np.array([row.shadow if overheard else row.answer], dtype=np.float64)
            wide[place] = aligned(answer, known, self.expectation.classes)[0]
        return self.expectation.scaled(wide)


def gather_facts(trial: TrialSetting, captured: Captured, labels: Mapping[str, Label], minutes: float) -> TrialFacts:
    """Gather what was seen of the challenger since its trial began."""
    rows = sorted(captured.rows, key=lambda row: (row.time, row.id))
    if trial.terms.mode == "shadow":
        return _beside(trial, [row for row in rows if row.shadow_version == trial.terms.version], labels, minutes)
    return _instead(trial, rows, labels, minutes)


def _beside(trial: TrialSetting, rows: list[Row], labels: Mapping[str, Label], minutes: float) -> TrialFacts:
    """Shadow: both answered every row."""
    answered = [row for row in rows if row.shadow]
    distinct = list(_distinct(answered, ()))
    champion, challenger = trial.scaled(distinct), trial.scaled(distinct, overheard=True)
    return TrialFacts(
        minutes=minutes,
        **_asked(rows, [not row.shadow for row in rows]),
        milliseconds=_milliseconds(rows, [row.shadow_milliseconds or 0.0 for row in rows]),
        distances=trial.expectation.distances(champion, challenger),
        expected_distance=trial.expectation.distance,
        losses=_paired_losses(trial, distinct, labels),
        disagreeing=_disagreeing(trial, champion, challenger),
    )


def _instead(trial: TrialSetting, rows: list[Row], labels: Mapping[str, Label], minutes: float) -> TrialFacts:
    """Canary: each entity was answered by one of them."""
    chosen = [row for row in rows if _is_challengers(trial, row)]
    answered = [row for row in chosen if not row.fallback]
    both = [row for row in rows if not row.fallback and row.version in (trial.champion, trial.terms.version)]
    distinct = list(_distinct(both, trial.definition.key))
    return TrialFacts(
        minutes=minutes,
        **_asked(chosen, [row.fallback for row in chosen]),
        milliseconds=_milliseconds(answered, [row.milliseconds for row in answered]),
        shifts=_shifts(trial, distinct),
        losses=_unpaired_losses(trial, distinct, labels),
    )


def _is_challengers(trial: TrialSetting, row: Row) -> bool:
    return row.version == trial.terms.version or (row.fallback and row.version == trial.champion)


def _asked(rows: Sequence[Row], failed: Sequence[bool]) -> dict[str, Any]:
    requests = np.unique([_request(row) for row in rows], return_inverse=True)[1] if rows else np.empty(0)
    return {"failed": np.array(failed, dtype=np.float64), "requests": requests}


def _request(row: Row) -> str:
    """Name the request that a row came with (see `serving.prediction_ids`)."""
    return row.id.rpartition("-")[0]


def _milliseconds(rows: Sequence[Row], took: Sequence[float]) -> Floats:
    """Return, for each request, the time for one row; of a sampled request the last place tells how many there were."""
    found: dict[str, tuple[float, int]] = {}
    for row, milliseconds in zip(rows, took, strict=True):
        count = int(row.id.rpartition("-")[2]) + 1 if row.id[-1:].isdigit() else 1
        found[_request(row)] = (milliseconds, max(count, found.get(_request(row), (0.0, 1))[1]))
    return np.array([milliseconds / count for milliseconds, count in found.values()], dtype=np.float64)


def _distinct(rows: Iterable[Row], key: tuple[str, ...]) -> Iterable[Row]:
    """Yield the first row of each entity that a version answered: one that comes again says nothing new."""
    seen: set[str] = set()
    for row in rows:
        sent = [row.instance.get(name) for name in key]
        whole = sent if key and None not in sent else row.instance
        entity = json.dumps([row.version, whole], sort_keys=True, default=str)
        if entity not in seen:
            seen.add(entity)
            yield row


def _disagreeing(trial: TrialSetting, champion: Floats, challenger: Floats) -> float | None:
    if not trial.expectation.classes or not len(champion):
        return None
    return float((champion.argmax(axis=1) != challenger.argmax(axis=1)).mean())


def _shifts(trial: TrialSetting, rows: list[Row]) -> dict[str, Floats]:
    """Return, for each class, how much mean and spread differ more than they did on the holdout."""
    scores, expected = trial.scaled(rows), trial.expectation
    of_challenger = np.array([row.version == trial.terms.version for row in rows], dtype=bool)
    names = expected.classes or ["value"]
    shifts = {}
    for place in range(1, 2) if len(names) == 2 else range(len(names)):
        spreads = np.abs(scores[:, place] - expected.centre[place])
        shifts[f"mean of {names[place]}"] = answer_gaps(scores[:, place], of_challenger) - expected.mean_gap[place]
        shifts[f"spread of {names[place]}"] = answer_gaps(spreads, of_challenger) - expected.spread_gap[place]
    return shifts


def answer_gaps(values: Floats, of_challenger: Any) -> Floats:
    """Pair each value of the challenger with the mean of the champion's since the one before, and return differences.

    While there is no new one of the champion's the challenger's wait, and are paired by their mean. So every
    difference has the same expectation, and no value counts twice.

    >>> answer_gaps(np.array([1.0, 3.0, 5.0, 6.0, 4.0]), np.array([False, False, True, True, False])).tolist()
    [3.0, 2.0]
    """
    found: list[float] = []
    waiting: tuple[list[float], list[float]] = ([], [])
    for value, is_challengers in zip(values.tolist(), of_challenger.tolist(), strict=True):
        waiting[is_challengers].append(value)
        if all(waiting):
            found.append(float(np.mean(waiting[True])) - float(np.mean(waiting[False])))
            waiting = ([], [])
    return np.array(found, dtype=np.float64)


def _paired_losses(trial: TrialSetting, rows: list[Row], labels: Mapping[str, Label]) -> Floats:
    rows, truth = _labelled(trial, rows, labels)
    return _losses(trial, trial.scaled(rows, overheard=True), truth) - _losses(trial, trial.scaled(rows), truth)


def _unpaired_losses(trial: TrialSetting, rows: list[Row], labels: Mapping[str, Label]) -> Floats:
    rows, truth = _labelled(trial, rows, labels)
    of_challenger = np.array([row.version == trial.terms.version for row in rows], dtype=bool)
    return answer_gaps(_losses(trial, trial.scaled(rows), truth), of_challenger)


def _labelled(trial: TrialSetting, rows: list[Row], labels: Mapping[str, Label]) -> tuple[list[Row], Any]:
    """Return the rows with a label that can be used, in the order in which the labels came, and the truth."""
    joined = join(Captured(rows), labels)
    target, problems = joined.target(trial.definition)
    refused = {problem.row for problem in problems}
    usable = [place for place in np.argsort(joined.received, kind="stable").tolist() if place not in refused]
    column = trial.definition.columns[trial.definition.target]
    truth = target[usable]
    if trial.definition.task == "classification":
        truth = class_labels(column, truth)
    return [joined.captured.rows[place] for place in usable], truth


def _losses(trial: TrialSetting, scaled: Floats, truth: Any) -> Floats:
    """Return losses between 0 and 1: wrong labels, half the Brier score, or the scaled absolute error."""
    if not len(scaled):
        return np.empty(0)
    classes = trial.expectation.classes
    if not classes:
        wanted = trial.expectation.scaled(np.asarray(truth, dtype=np.float64)[:, np.newaxis])
        return np.asarray(np.abs(scaled - wanted)[:, 0], dtype=np.float64)
    hit = np.array([[label == each for each in classes] for label in truth], dtype=np.float64)
    if trial.definition.training.metric in HITS:
        return 1.0 - hit[np.arange(len(hit)), scaled.argmax(axis=1)]
    unknown = 1.0 - hit.sum(axis=1)  # a class that neither of them has heard of
    return np.clip((((scaled - hit) ** 2).sum(axis=1) + unknown) / 2, 0.0, 1.0)
