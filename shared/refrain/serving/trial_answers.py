"""The challenger beside the champion: asked after it (shadow), or for a share of the entities instead of it (canary).

Whatever the challenger does, the caller gets the champion's answer where the challenger has none. Here is the other
place that may catch everything (the first is `routes.respond`): a challenger is on trial because nobody knows it yet.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.lake.deployment import Challenger
    from refrain.model.tabular import TabularModel

logger = logging.getLogger("refrain")

_WHOLE = 2.0**64


@dataclass(frozen=True)
class LoadedChallenger:
    """The challenger of a deployment; `servable` is None when it was refused, so that it answers nothing."""

    terms: Challenger
    servable: TabularModel | None

    def takes(self, definition: Definition, raw: Mapping[str, Array], columns: Columns) -> NDArray[np.bool_]:
        """Tell which rows are a canary's: those of its share of the entities, the same ones in every request.

        The version is part of the hash, so that the next challenger is tried on other entities.
        """
        limit = self.terms.share * _WHOLE
        salt = self.terms.version.encode()[-64:]
        return np.array([_hash(each, salt) < limit for each in entities(definition, raw, columns)], dtype=bool)


@dataclass(frozen=True)
class ChallengerScores:
    """What a challenger answered to some rows: scores [rows, classes] or [rows, 1], and where these are sound.

    A row that it refuses, or has no finite number for, is not `sound`; when it breaks no row is.
    """

    scores: Array
    sound: NDArray[np.bool_]
    matrix: Array
    milliseconds: float


def entities(definition: Definition, raw: Mapping[str, Array], columns: Columns) -> Iterator[str]:
    """Name whom each row is about: by the definition's key where all of it was sent, else by the row's clean values.

    `raw` are columns as sent; `columns` are clean inputs.
    """
    rows = len(next(iter(columns.values())))
    key = definition.key
    sent = [raw[name] for name in key if name in raw]
    typed = prepare(definition, raw, rows, columns=key)[0] if key and len(sent) == len(key) else {}
    for row in range(rows):
        values = [array[row] for array in typed.values()]
        known = typed and all(value is not None and value == value for value in values)
        yield repr([str(value) for value in (values if known else [array[row] for array in columns.values()])])


def attempt(
    servable: TabularModel | None, asked: TabularModel, raw: Mapping[str, Array], columns: Columns
) -> ChallengerScores:
    """Ask a challenger for rows that the version `asked` understood as `columns`. Never raises."""
    started = time.perf_counter()
    rows = len(next(iter(columns.values())))
    scores = matrix = np.full((rows, 1), np.nan)
    sound = np.zeros(rows, dtype=bool)
    try:
        if servable is not None:
            understood, refused = _understood(servable, asked, raw, columns)
            matrix = servable.encode(understood)
            scores = servable.score(matrix)
            sound = np.isfinite(scores).all(axis=1)
            sound[refused] = False
    except Exception:  # whatever a challenger does, the champion answers; the judge sees the rows without an answer
        logger.exception("challenger failed", extra={"version": servable.version if servable else ""})
    return ChallengerScores(scores, sound, matrix, (time.perf_counter() - started) * 1000)


def part_of(raw: Mapping[str, Array], places: NDArray[np.bool_]) -> dict[str, Array]:
    """Take some rows of columns."""
    return {name: array[places] for name, array in raw.items()}


def _understood(
    servable: TabularModel, asked: TabularModel, raw: Mapping[str, Array], columns: Columns
) -> tuple[Columns, list[int]]:
    """Read the rows by the challenger's own definition, unless it reads them as the champion does."""
    if _same(servable.definition, asked.definition):
        return columns, []
    understood, problems = servable.prepare_columns(raw, len(next(iter(columns.values()))))
    return understood, [problem.row for problem in problems]


def _same(one: Definition, other: Definition) -> bool:
    return one is other or (one.fingerprint == other.fingerprint and one.inputs == other.inputs)


def _hash(entity: str, salt: bytes) -> int:
    return int.from_bytes(blake2b(entity.encode(), digest_size=8, key=salt).digest(), "little")
