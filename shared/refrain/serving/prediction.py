"""From columns of JSON values to answers: what both protocols share."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import Problem, objects
from refrain.lake.prediction_id import prediction_ids
from refrain.serving.http.refusals import InvalidInstances, NoFiniteAnswer
from refrain.serving.trial_answers import ChallengerScores, attempt, part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Array, Columns, Lists
    from refrain.fast_path.answer_json import Numbers
    from refrain.model.tabular import TabularModel
    from refrain.serving.trial_answers import LoadedChallenger

logger = logging.getLogger("refrain")

CANARY = "canary"
LISTENING = "shadow"


@dataclass(slots=True)  # like all here, made for each request, which takes four times as long when it is frozen
class AnsweredPart:
    """The rows of a request (their places in it) that one version answered, in the milliseconds that its model took.

    `fallback`: a challenger should have answered these, and had no answer.
    """

    servable: TabularModel
    places: Sequence[int]
    milliseconds: float
    fallback: bool = False


@dataclass(slots=True)
class Overheard:
    """What a challenger answered beside the champion, row by row (() where it had no answer); no caller sees it."""

    version: str
    answers: list[Numbers]
    milliseconds: float


@dataclass(slots=True)
class Predictions:
    """The answers to `len(ids)` instances.

    `numbers` are, as JSON text, probabilities in the order of the classes, or for a regression one value each.
    `labels` are the likeliest classes (None for a regression). `unfamiliar` names the features unlike the training
    data. `columns` are the clean inputs; `parts` say which version answered which rows; `by` is the same, row by row.
    """

    ids: list[str]
    labels: list[str] | None
    numbers: list[Numbers]
    unfamiliar: list[list[str]]
    columns: Columns | Lists
    parts: tuple[AnsweredPart, ...]
    by: list[TabularModel]
    shadow: Overheard | None = None


def predict(servable: TabularModel, raw: Lists, rows: int, rival: LoadedChallenger | None = None) -> Predictions:
    """Answer columns of length `rows`, by the champion and, as the trial says, by its rival.

    Raises `InvalidInstances` naming every value that cannot be used; a rival raises nothing.
    """
    if rival:
        return _tried(servable, rival, {name: objects(values) for name, values in raw.items()}, rows)
    columns = _sound(*servable.prepare_lists(raw, rows))
    return _gathered([_asked(servable, columns, range(rows))], columns, rows, None)


def _tried(servable: TabularModel, rival: LoadedChallenger, raw: Mapping[str, Array], rows: int) -> Predictions:
    """Answer by the champion and its rival, on arrays, of which each can take its rows."""
    columns = _sound(*servable.prepare_columns(raw, rows))
    if rival.terms.mode == CANARY:
        return _shared(servable, rival, raw, columns, rows)
    answers = _asked(servable, columns, range(rows))
    return _gathered([answers], columns, rows, _overheard(servable, rival, raw, columns))


def _sound[Any_: Columns | Lists](columns: Any_, problems: list[Problem]) -> Any_:
    if problems:
        raise InvalidInstances(problems)
    return columns


@dataclass(slots=True)
class _Answers:
    """A part with its numbers, its labels (none for a regression), and what is unfamiliar of each row."""

    part: AnsweredPart
    numbers: list[Numbers]
    labels: list[str]
    unfamiliar: list[list[str]]


def _asked(
    servable: TabularModel, columns: Columns | Lists, places: Sequence[int], *, fallback: bool = False
) -> _Answers:
    """Ask the champion for some places of a request."""
    started = time.perf_counter()
    matrix = servable.encode(columns)
    scores = servable.score(matrix)
    took = (time.perf_counter() - started) * 1000
    return _answers(AnsweredPart(servable, places, took, fallback), scores, matrix)


def _shared(
    servable: TabularModel, rival: LoadedChallenger, raw: Mapping[str, Array], columns: Columns, rows: int
) -> Predictions:
    """Let the rival answer its share of the entities, and the champion all others and what the rival cannot."""
    chosen = rival.takes(servable.definition, raw, columns)
    fell_back = chosen.copy()
    answers = []
    if chosen.any():
        found = attempt(rival.servable, servable, part_of(raw, chosen), part_of(columns, chosen))
        fell_back[chosen] = ~found.sound
        if rival.servable and found.sound.any():
            answers.append(_answered(rival.servable, found, _places(chosen & ~fell_back)))
    for wanted, fallback in ((~chosen, False), (fell_back, True)):
        if wanted.any():
            answers.append(_asked(servable, part_of(columns, wanted), _places(wanted), fallback=fallback))
    return _gathered(answers, columns, rows, None)


def _answered(servable: TabularModel, found: ChallengerScores, places: list[int]) -> _Answers:
    matrix = found.matrix[found.sound]
    return _answers(AnsweredPart(servable, places, found.milliseconds), found.scores[found.sound], matrix)


def _answers(part: AnsweredPart, scores: Array, matrix: Array) -> _Answers:
    """Make the answers of what the graph said. Raises `NoFiniteAnswer`."""
    servable = part.servable
    numbers: list[float] = scores.ravel().tolist()
    if not isfinite(sum(numbers)):  # float32 numbers do not add up to infinity here
        raise _no_finite_answer(servable.version, scores, part.places)
    labels: list[str] = []
    if servable.classes:
        likeliest = scores.argmax(axis=1).tolist() if len(scores) > 1 else [numbers.index(max(numbers))]
        labels = [servable.classes[place] for place in likeliest]
    return _Answers(part, servable.answer_writer.numbers(numbers), labels, servable.familiar.unfamiliar(matrix))


def _overheard(
    servable: TabularModel, rival: LoadedChallenger, raw: Mapping[str, Array], columns: Columns
) -> Overheard:
    found = attempt(rival.servable, servable, raw, columns)
    answers: list[Numbers] = [()] * len(found.sound)
    if rival.servable and found.sound.any():
        numbers = rival.servable.answer_writer.numbers(found.scores[found.sound].ravel().tolist())
        for place, written in zip(_places(found.sound), numbers, strict=True):
            answers[place] = written
    return Overheard(rival.terms.version, answers, found.milliseconds)


def _gathered(
    answers: Sequence[_Answers], columns: Columns | Lists, rows: int, overheard: Overheard | None
) -> Predictions:
    """Put the parts together in the order of the request."""
    numbers, labels, unfamiliar = answers[0].numbers, answers[0].labels, answers[0].unfamiliar
    by = [each.part.servable for each in answers for _ in each.part.places]
    if len(answers) > 1:
        order = np.argsort([place for each in answers for place in each.part.places]).tolist()
        numbers = _ordered(order, [each.numbers for each in answers])
        labels = _ordered(order, [each.labels for each in answers]) if labels else []
        unfamiliar = _ordered(order, [each.unfamiliar for each in answers])
        by = _ordered(order, [by])
    return Predictions(
        ids=prediction_ids(rows),
        labels=labels or None,
        numbers=numbers,
        unfamiliar=unfamiliar,
        columns=columns,
        parts=tuple(each.part for each in answers),
        by=by,
        shadow=overheard,
    )


def _ordered[T](order: Sequence[int], parts: Sequence[list[T]]) -> list[T]:
    """Put what stands part by part into the order of the request."""
    every = [each for part in parts for each in part]
    return [every[at] for at in order]


def _places(chosen: Array) -> list[int]:
    places: list[int] = np.flatnonzero(chosen).tolist()
    return places


def _no_finite_answer(version: str, scores: Array, places: Sequence[int]) -> NoFiniteAnswer:
    logger.warning("no finite answer", extra={"version": version})  # the caller's numbers, or the model's fault
    rows: Any = np.flatnonzero(~np.isfinite(scores).all(axis=1)).tolist()
    reason = "the numbers are so large that the model has no finite answer"
    return NoFiniteAnswer([Problem(places[row], "", None, reason) for row in rows])
