"""Answered rows, as they are captured, and their ids, by which labels come back."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from preprocessing import Columns, Lists
    from refrain.unfamiliar import Unfamiliar

    type Texts = Sequence[str]
    type WriteRows = Callable[[Texts, Columns | Lists, Texts, Texts, Texts], Iterable[str]]
    """Writes clean rows as JSON: the id, the values, the identifying columns, the answer and notes of each."""


_ID = re.compile(r"([0-9a-f]{11})[0-9a-f]{10}-[0-9]{3,}")


@dataclass(slots=True)
class ServedBound:
    """The bound of the errors by which an answer said how sure it is, or why that is `withheld`."""

    bound: float | None
    withheld: str | None


@dataclass(slots=True)
class OtherAnswers:
    """What the other version of a trial answered to the same rows, which callers did not get.

    `answers` are row by row, in the order of its `classes`, "" where it had none; `milliseconds` are its model's.
    """

    version: str
    classes: Sequence[str] | None
    answers: Sequence[str]
    milliseconds: float


@dataclass(slots=True)  # not frozen: it is made for each request, and freezing takes four times as long
class Record:
    """The answers of one version to `len(ids)` rows, and the milliseconds that its model took for them.

    `columns` are the clean inputs, as `write_rows` writes them. `identity` are the columns that say which row it is
    (key and event time), as they were sent. `answers` are as the caller read them, "0.25,0.75": probabilities in the
    order of `classes`, or for a regression (`classes` is None) one value. `other` is what the other version of a trial
    answered. `request` is the id by which the logs know the request. `bounds` are those of the intervals or sets that
    the caller got; empty where nobody asked. `decisions` are those of a version whose definition has costs.
    """

    model: str
    version: str
    classes: Sequence[str] | None
    write_rows: WriteRows
    ids: Sequence[str]
    columns: Columns | Lists
    identity: Mapping[str, Sequence[object]]
    answers: Sequence[str]
    unfamiliar: Sequence[Unfamiliar]
    milliseconds: float
    other: OtherAnswers | None = None
    request: str = ""
    bounds: Sequence[ServedBound] = ()
    decisions: Sequence[str] = ()

    def select(self, indexes: Sequence[int]) -> Record:
        """Return the record of some of its rows."""
        other = self.other
        return replace(
            self,
            ids=_select(self.ids, indexes),
            columns={name: _select(column, indexes) for name, column in self.columns.items()},
            identity={name: _select(column, indexes) for name, column in self.identity.items()},
            answers=_select(self.answers, indexes),
            unfamiliar=_select(self.unfamiliar, indexes),
            bounds=_select(list(self.bounds), indexes) if self.bounds else (),
            decisions=_select(self.decisions, indexes) if self.decisions else (),
            other=other and replace(other, answers=_select(other.answers, indexes)),
        )


def _select(column: Any, indexes: Sequence[int]) -> Any:
    return [column[index] for index in indexes] if isinstance(column, list) else column[list(indexes)]


def prediction_ids(rows: int) -> list[str]:
    """Name the predictions of one request: milliseconds since 1970, 40 random bits, the row's number.

    They are unique, and in the order of time when they are sorted as text.

    >>> ids = prediction_ids(2)
    >>> [len(identity) for identity in ids], ids[1].endswith("-001"), ids == sorted(ids)
    ([25, 25], True, True)
    """
    request = f"{time.time_ns() // 1_000_000:011x}{os.urandom(5).hex()}"
    return [request + suffix for suffix in _suffixes(rows)]


@lru_cache(maxsize=32)
def _suffixes(rows: int) -> list[str]:
    return [f"-{row:03d}" for row in range(rows)]


def asked_at(identity: str) -> datetime | None:
    """Read the time of a prediction (UTC) from its id; None for an id that is not ours.

    >>> asked_at("19ab8f04e00" + 10 * "0" + "-000").year, asked_at("order 66")
    (2025, None)
    """
    match = _ID.fullmatch(identity)
    return datetime.fromtimestamp(int(match[1], 16) / 1000, UTC) if match else None
