"""Champion and challenger during a trial: both answer every row, so that the judge compares them on the same rows.

Callers get the champion's answer; of a canary a share of the entities gets the challenger's, where it has one. A
challenger is on trial because nobody knows yet whether it works, so this is one of two places that catch every
exception (the other is `routes.respond`).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import prepare
from refrain.lake.capture.record import OtherAnswers
from refrain.serving.answered_rows import answer_part, read_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.lake.deployment import Challenger
    from refrain.model.tabular import TabularModel
    from refrain.serving.answered_rows import AnsweredRows

logger = logging.getLogger("refrain")

CANARY = "canary"

_HASHES = 2.0**64


@dataclass(frozen=True)
class LoadedChallenger:
    """The challenger of a deployment, with the settings of its trial; without a model where its version was refused."""

    settings: Challenger
    model: TabularModel | None

    def choose_rows(self, definition: Definition, raw: Mapping[str, Array], columns: Columns) -> NDArray[np.bool_]:
        """Choose the rows that callers get its answer to: for a canary its share of the entities, the same ones always.

        The version is part of the hash, so that the next challenger is tried on other entities.
        """
        if self.settings.mode != CANARY:
            return np.zeros(len(next(iter(columns.values()))), dtype=bool)
        limit = self.settings.share * _HASHES
        salt = self.settings.version.encode()[-64:]
        return np.array([_hash(entity, salt) < limit for entity in entities(definition, raw, columns)], dtype=bool)


@dataclass(frozen=True)
class ChallengerScores:
    """The scores of a challenger, [rows, classes] or [rows, 1], and which of them are `usable`.

    A row that it refuses, or has no finite number for, is not usable; none is when it breaks.
    """

    scores: Array
    usable: NDArray[np.bool_]
    matrix: Array
    milliseconds: float


def entities(definition: Definition, raw: Mapping[str, Array], columns: Columns) -> Iterator[str]:
    """Name the entity of each row: by the definition's key where all of it was sent, else by the row's clean values.

    `raw` are columns as sent; `columns` are clean inputs.
    """
    rows = len(next(iter(columns.values())))
    has_key = bool(definition.key) and all(name in raw for name in definition.key)
    keys = prepare(definition, raw, rows, columns=definition.key)[0] if has_key else {}
    for row in range(rows):
        key = [column[row] for column in keys.values()]
        is_complete = has_key and all(value is not None and value == value for value in key)
        values = key if is_complete else [column[row] for column in columns.values()]
        yield repr([str(value) for value in values])


def score_challenger(
    model: TabularModel | None, champion: TabularModel, raw: Mapping[str, Array], columns: Columns
) -> ChallengerScores:
    """Score rows by a challenger; `columns` are the rows as the champion read them. Never raises."""
    started = time.perf_counter()
    rows = len(next(iter(columns.values())))
    scores = matrix = np.full((rows, 1), np.nan)
    usable = np.zeros(rows, dtype=bool)
    try:
        if model is not None:
            inputs, refused = _read_rows(model, champion, raw, columns)
            matrix = model.encode(inputs)
            scores = model.score(matrix)
            usable = np.isfinite(scores).all(axis=1)
            usable[refused] = False
    except Exception:  # the champion answers whatever happens here; the judge of the trial sees rows without an answer
        logger.exception("challenger failed", extra={"version": model.version if model else ""})
    return ChallengerScores(scores, usable, matrix, (time.perf_counter() - started) * 1000)


def answer_both(
    champion: TabularModel, challenger: LoadedChallenger, raw: Mapping[str, Array], columns: Columns
) -> list[AnsweredRows]:
    """Have both answer every row; return the rows by the version whose answer callers get, beside the other one's."""
    rows = len(next(iter(columns.values())))
    champions = answer_part(champion, columns, range(rows))
    scores = score_challenger(challenger.model, champion, raw, columns)
    chosen = challenger.choose_rows(champion.definition, raw, columns) & scores.usable
    parts = []
    if challenger.model and chosen.any():
        indexes = np.flatnonzero(chosen).tolist()
        values, matrix = scores.scores[chosen], scores.matrix[chosen]
        part = read_scores(challenger.model, indexes, values, matrix, scores.milliseconds)
        part.other = _champions_answers(champions, indexes)
        parts.append(part)
    if not chosen.all():
        indexes = np.flatnonzero(~chosen).tolist()
        part = champions if not parts else _select_part(champions, indexes)
        part.other = _challengers_answers(challenger, scores, indexes)
        parts.append(part)
    return parts


def _champions_answers(champions: AnsweredRows, indexes: Sequence[int]) -> OtherAnswers:
    answers = [",".join(champions.numbers[index]) for index in indexes]
    return OtherAnswers(champions.model.version, champions.model.classes, answers, champions.milliseconds)


def _challengers_answers(
    challenger: LoadedChallenger, scores: ChallengerScores, indexes: Sequence[int]
) -> OtherAnswers:
    answers = dict.fromkeys(indexes, "")
    usable = [index for index in indexes if scores.usable[index]]
    if challenger.model and usable:
        numbers = challenger.model.answer_writer.numbers(scores.scores[usable].ravel().tolist())
        answers |= {index: ",".join(texts) for index, texts in zip(usable, numbers, strict=True)}
    classes = challenger.model.classes if challenger.model else None
    return OtherAnswers(challenger.settings.version, classes, list(answers.values()), scores.milliseconds)


def _select_part(part: AnsweredRows, indexes: Sequence[int]) -> AnsweredRows:
    return replace(
        part,
        indexes=indexes,
        numbers=[part.numbers[index] for index in indexes],
        labels=[part.labels[index] for index in indexes] if part.labels else [],
        unfamiliar=[part.unfamiliar[index] for index in indexes],
    )


def _read_rows(
    model: TabularModel, champion: TabularModel, raw: Mapping[str, Array], columns: Columns
) -> tuple[Columns, list[int]]:
    """Read the rows by the challenger's own definition, unless it reads them as the champion does."""
    own, read = model.definition, champion.definition
    if own is read or (own.fingerprint == read.fingerprint and own.inputs == read.inputs):
        return columns, []
    prepared, problems = model.prepare_columns(raw, len(next(iter(columns.values()))))
    return prepared, [problem.row for problem in problems]


def _hash(entity: str, salt: bytes) -> int:
    return int.from_bytes(blake2b(entity.encode(), digest_size=8, key=salt).digest(), "little")
