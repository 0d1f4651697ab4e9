"""From captured predictions and labels to the facts that a challenger is judged by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from refrain.classes import aligned, class_labels, class_numbers
from refrain.lake.capture.predictions import Captured, join_labels, name_entities
from refrain.trial.labelled_gain import compare_labelled
from refrain.trial.verdict import TrialFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.lake.capture.predictions import CapturedRow
    from refrain.lake.expectation import Expectation
    from refrain.lake.label import Label
    from refrain.statistics.metrics import Metric
    from refrain.trial.labelled_gain import LabelledGain


class AnsweredPair(NamedTuple):
    """One row that both versions were asked for; `challenger` is empty where that one had no answer."""

    row: CapturedRow
    champion: Sequence[float]
    challenger: Sequence[float]
    milliseconds: float

    @property
    def request(self) -> str:
        """The request that the row came with (see `lake.prediction_id`)."""
        return self.row.id.rpartition("-")[0]


@dataclass(frozen=True)
class TrialSetting:
    """A champion, its challenger, and what to expect of them; `metric` is the one that the run decided by."""

    definition: Definition
    metric: Metric
    champion: str
    challenger: str
    expectation: Expectation

    def pair(self, rows: Sequence[CapturedRow]) -> list[AnsweredPair]:
        """Return the rows of the trial in the order of time, whichever of the two its callers heard."""
        pairs = []
        for row in sorted(rows, key=lambda row: (row.time, row.id)):
            answers = self._in_order(row.answer, row.classes), self._in_order(row.other, row.other_classes)
            if (row.version, row.other_version) == (self.champion, self.challenger):
                pairs.append(AnsweredPair(row, *answers, row.other_milliseconds))
            elif (row.other_version, row.version) == (self.champion, self.challenger):
                pairs.append(AnsweredPair(row, *answers[::-1], row.milliseconds))
        return pairs

    def _in_order(self, answer: Sequence[float], classes: tuple[str, ...] | None) -> Sequence[float]:
        """Return an answer in the order of all classes."""
        if not answer or classes is None or list(classes) == self.expectation.classes:
            return answer
        ordered: list[float] = aligned(np.array([answer]), classes, self.expectation.classes)[0].tolist()
        return ordered


def gather_facts(trial: TrialSetting, captured: Captured, labels: Mapping[str, Label], minutes: float) -> TrialFacts:
    """Gather the evidence on the challenger since its trial began."""
    pairs = trial.pair(captured.rows)
    answered = [pair for pair in pairs if pair.challenger]
    champion, challenger = _answers(_distinct(answered))
    disagreeing = champion.argmax(axis=1) != challenger.argmax(axis=1)
    labelled, gain = _compare(trial, answered, labels)
    return TrialFacts(
        minutes=minutes,
        failed=np.array([not pair.challenger for pair in pairs], dtype=np.float64),
        requests=np.unique([pair.request for pair in pairs], return_inverse=True)[1],
        milliseconds=_milliseconds(pairs),
        distances=trial.expectation.distances(champion, challenger),
        tolerated_distance=trial.expectation.tolerated_distance,
        labelled=labelled,
        gain=gain,
        disagreeing=float(disagreeing.mean()) if trial.expectation.classes and len(disagreeing) else None,
    )


def _answers(pairs: Sequence[AnsweredPair]) -> tuple[Floats, Floats]:
    """Return the champion's and the challenger's answers [rows, classes] or [rows, 1]."""
    champion, challenger = [pair.champion for pair in pairs], [pair.challenger for pair in pairs]
    if not pairs:
        return np.empty((0, 1)), np.empty((0, 1))
    return np.array(champion, dtype=np.float64), np.array(challenger, dtype=np.float64)


def _milliseconds(pairs: Sequence[AnsweredPair]) -> Floats:
    """Return for each request the time for one row; of a sampled request the last row's number tells the count."""
    requests: dict[str, tuple[float, int]] = {}
    for pair in pairs:
        identity = pair.row.id
        count = int(identity.rpartition("-")[2]) + 1 if identity[-1:].isdigit() else 1
        requests[pair.request] = pair.milliseconds, max(count, requests.get(pair.request, (0.0, 1))[1])
    return np.array([milliseconds / count for milliseconds, count in requests.values()], dtype=np.float64)


def _distinct(pairs: Sequence[AnsweredPair]) -> list[AnsweredPair]:
    """Keep the first of equal rows: one that comes again says nothing new about the distance of two models."""
    first: dict[str, AnsweredPair] = {}
    for pair in pairs:
        first.setdefault(json.dumps(pair.row.instance, sort_keys=True, default=str), pair)
    return list(first.values())


def _compare(
    trial: TrialSetting, pairs: Sequence[AnsweredPair], labels: Mapping[str, Label]
) -> tuple[int, LabelledGain | None]:
    """Count the rows with a usable label, and compare both answers to them."""
    labelled, truth = _labelled(trial, {pair.row.id: pair for pair in pairs}, labels)
    if not labelled:
        return 0, None
    requests, entities = (
        np.array([pair.request for pair in labelled]),
        name_entities(trial.definition, [pair.row for pair in labelled]),
    )
    champion, challenger = _answers(labelled)
    return len(labelled), compare_labelled(
        trial.metric, truth, champion, challenger, trial.expectation, requests, entities
    )


def _labelled(
    trial: TrialSetting, pairs: Mapping[str, AnsweredPair], labels: Mapping[str, Label]
) -> tuple[list[AnsweredPair], Truth]:
    """Return the rows with a usable label in the order of time, and the truth: class numbers, or values.

    A class that neither model knows is left out: both are wrong.
    """
    joined = join_labels(Captured([pair.row for pair in pairs.values()]), labels)
    target, problems = joined.target(trial.definition)
    usable = ~np.isin(np.arange(len(joined)), [problem.row for problem in problems])
    if trial.definition.task == "classification":
        classes = trial.expectation.classes
        names = class_labels(trial.definition.columns[trial.definition.target], target[usable])
        is_known = np.array([name in classes for name in names], dtype=bool)
        usable[usable] = is_known
        truth: Truth = class_numbers(names[is_known], classes)
    else:
        truth = np.asarray(target[usable], dtype=np.float64)
    return [pairs[row.id] for row, is_usable in zip(joined.captured.rows, usable, strict=True) if is_usable], truth
