"""Answered rows, as they are captured: `Record` as lines are written, `CapturedRow` as they are read back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from preprocessing import Columns, Lists


class WritesRows(Protocol):
    """Writes clean rows as JSON objects."""

    def rows(
        self,
        ids: Sequence[str],
        columns: Columns | Lists,
        identity: Sequence[str],
        answers: Sequence[str],
        notes: Sequence[str],
    ) -> Iterable[str]:
        """Write each row: its id, its values, the columns that identify it, its answer and its notes."""


@dataclass(slots=True)
class ChallengerAnswers:
    """What a challenger in shadow answered, row by row ("" where it had no answer), and the milliseconds it took."""

    version: str
    answers: Sequence[str]
    milliseconds: float


@dataclass(slots=True)  # not frozen: it is made for each request, and freezing takes four times as long
class Record:
    """The answers of one version to `len(ids)` rows, and the milliseconds that its model took for them.

    `columns` are the clean inputs, as `row_writer` writes them. `identity` are the columns that say which row it is
    (key and event time), as they were sent. `answers` are as the caller read them, "0.25,0.75": probabilities in the
    order of `classes`, or for a regression (`classes` is None) one value. `fallback`: the champion answered in place
    of a challenger. `request` is the id by which the logs know the request.
    """

    model: str
    version: str
    classes: Sequence[str] | None
    row_writer: WritesRows
    ids: Sequence[str]
    columns: Columns | Lists
    identity: Mapping[str, Sequence[object]]
    answers: Sequence[str]
    unfamiliar: Sequence[Sequence[str]]
    milliseconds: float
    fallback: bool = False
    challenger: ChallengerAnswers | None = None
    request: str = ""

    def select(self, indexes: Sequence[int]) -> Record:
        """Return the record of some of its rows."""
        challenger = self.challenger
        return replace(
            self,
            ids=_select(self.ids, indexes),
            columns={name: _select(column, indexes) for name, column in self.columns.items()},
            identity={name: _select(column, indexes) for name, column in self.identity.items()},
            answers=_select(self.answers, indexes),
            unfamiliar=_select(self.unfamiliar, indexes),
            challenger=challenger and replace(challenger, answers=_select(challenger.answers, indexes)),
        )


@dataclass(frozen=True, slots=True)
class CapturedRow:
    """One prediction. `answer` is in the order of `classes`, or one value (`classes` is None).

    `shadow` is what the challenger `shadow_version` answered to the same row. The milliseconds are those of the model,
    for the part of the request that it answered.
    """

    id: str
    time: np.datetime64
    version: str
    instance: Mapping[str, Any]
    answer: Sequence[float]
    classes: tuple[str, ...] | None
    milliseconds: float
    unfamiliar: tuple[str, ...] = ()
    fallback: bool = False
    shadow_version: str = ""
    shadow: Sequence[float] | None = None
    shadow_milliseconds: float | None = None


def captured_rows(line: Any) -> list[CapturedRow] | None:
    """Read a captured line (see `lines`); None when it is damaged."""
    try:
        head = {
            "time": np.datetime64(line["time"].removesuffix("Z"), "us"),
            "version": str(line["version"]),
            "classes": tuple(line["classes"]) if line["classes"] else None,
            "milliseconds": float(line["milliseconds"]),
        }
        shadow = line.get("shadow")
        if shadow:
            head |= {"shadow_version": shadow["version"], "shadow_milliseconds": shadow["milliseconds"]}
        answers = shadow["answers"] if shadow else [None] * len(line["rows"])
        return [_captured_row(row, answer, head) for row, answer in zip(line["rows"], answers, strict=True)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _captured_row(row: Mapping[str, Any], shadow: Sequence[float] | None, head: Mapping[str, Any]) -> CapturedRow:
    return CapturedRow(
        id=str(row["id"]),
        instance=dict(row["instance"]),
        answer=tuple(map(float, row["answer"])),
        unfamiliar=tuple(row.get("unfamiliar", ())),
        fallback=bool(row.get("fallback")),
        shadow=shadow,
        **head,
    )


def _select(column: Any, indexes: Sequence[int]) -> Any:
    return [column[index] for index in indexes] if isinstance(column, list) else column[list(indexes)]
