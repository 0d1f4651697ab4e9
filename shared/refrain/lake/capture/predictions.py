"""Captured predictions, as they are read back from the lake, and their labels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import objects, prepare, rows_to_columns
from refrain.lake.capture.reading import read_answered_rows
from refrain.unfamiliar import read_unfamiliar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, Definition, Problem
    from refrain.aws.storage import Store
    from refrain.lake.label import Label
    from refrain.unfamiliar import Unfamiliar


@dataclass(frozen=True, slots=True)
class CapturedRow:
    """One prediction. `answer` is in the order of `classes`, or one value (`classes` is None).

    The caller got an interval or a set with this `bound` of its error; None where it got neither.

    `other` is what the other version of a trial answered to the same row, in the order of `other_classes`; it is empty
    where that version had no answer. The milliseconds are those of the models, for the whole request.
    """

    id: str
    time: np.datetime64
    version: str
    instance: Mapping[str, Any]
    answer: Sequence[float]
    classes: tuple[str, ...] | None
    milliseconds: float
    unfamiliar: Unfamiliar = ()
    bound: float | None = None
    other_version: str = ""
    other: Sequence[float] = ()
    other_classes: tuple[str, ...] | None = None
    other_milliseconds: float = 0.0


@dataclass(frozen=True)
class Captured:
    """Predictions in the order of their ids. `damaged` counts the lines (and files) that could not be read."""

    rows: Sequence[CapturedRow] = field(repr=False)
    damaged: int = 0

    def __len__(self) -> int:
        """Count the predictions."""
        return len(self.rows)

    @property
    def ids(self) -> list[str]:
        """Their ids."""
        return [row.id for row in self.rows]

    @property
    def times(self) -> Array:
        """When they were answered: datetime64[us], UTC."""
        return np.array([row.time for row in self.rows], "datetime64[us]")

    @property
    def answers(self) -> Array:
        """The answers: float64 [rows, classes] or [rows, 1]. All rows must be of versions with the same classes."""
        return np.array([row.answer for row in self.rows], np.float64)

    def of(self, version: str) -> Captured:
        """Return those that one version answered."""
        return Captured([row for row in self.rows if row.version == version], self.damaged)

    def raw(self, names: Sequence[str]) -> dict[str, Array]:
        """Return columns of JSON values, for `preprocessing.prepare`, with None where nothing was sent."""
        return rows_to_columns([row.instance for row in self.rows], names)

    def columns(self, definition: Definition, names: Sequence[str] | None = None) -> tuple[Columns, list[Problem]]:
        """Return typed columns, by default the inputs of a definition, and the values that it cannot use."""
        names = definition.inputs if names is None else names
        return prepare(definition, self.raw(names), len(self), columns=names)


def read_captured(
    store: Store,
    model: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    max_rows: int | None = None,
) -> Captured:
    """Read predictions (see `read_answered_rows`)."""
    return Captured(*read_answered_rows(store, model, since, until, rows_of_line, max_rows=max_rows))


def rows_of_line(line: Any) -> Iterator[CapturedRow]:
    """Yield the rows of a line (see `lines`). Raises what indexing and conversion raise when it is damaged."""
    other = line.get("other")
    head: dict[str, Any] = {
        "time": np.datetime64(line["time"].removesuffix("Z"), "us"),
        "version": str(line["version"]),
        "classes": _classes(line),
        "milliseconds": float(line["milliseconds"]),
    }
    answers = [()] * len(line["rows"])
    if other:
        milliseconds = float(other["milliseconds"])
        head |= {"other_version": str(other["version"]), "other_milliseconds": milliseconds}
        head["other_classes"], answers = _classes(other), other["answers"]
    for row, answer in zip(line["rows"], answers, strict=True):
        yield CapturedRow(
            id=str(row["id"]),
            instance=dict(row["instance"]),
            answer=tuple(map(float, row["answer"])),
            unfamiliar=read_unfamiliar(row),
            bound=None if row.get("bound") is None else float(row["bound"]),
            other=tuple(map(float, answer)),
            **head,
        )


def _classes(answered: Any) -> tuple[str, ...] | None:
    return tuple(answered["classes"]) if answered["classes"] else None


def name_entities(definition: Definition, rows: Sequence[CapturedRow]) -> Array | None:
    """Name the entity of each row by the definition's group or key, if it has one; a row without it is its own."""
    names = (definition.training.group,) if definition.training.group else definition.key
    if not names:
        return None
    entities = []
    for row in rows:
        values = [row.instance.get(name) for name in names]
        entities.append(row.id if None in values else json.dumps(values, default=str))
    return np.array(entities)


@dataclass(frozen=True)
class LabelledPredictions:
    """The predictions that have a label, in the order of ids, and the rest of both sides.

    `values` are the labels as they were sent (object array of JSON values), `received` their times (datetime64[us]).
    `unmatched` are the ids of labels without a captured prediction, sorted; `unlabelled` counts the predictions without
    a label.
    """

    captured: Captured
    values: Array = field(repr=False)
    received: Array = field(repr=False)
    unmatched: tuple[str, ...] = field(repr=False)
    unlabelled: int

    def __len__(self) -> int:
        """Count the predictions that have a label."""
        return len(self.captured)

    @property
    def delays(self) -> Array:
        """The time from each prediction to its label: float64, in seconds."""
        return np.asarray((self.received - self.captured.times) / np.timedelta64(1, "s"), np.float64)

    def target(self, definition: Definition) -> tuple[Array, list[Problem]]:
        """Read the labels as a typed column, by the definition of the target; those that it refuses are missing."""
        name = definition.target
        columns, problems = prepare(definition, {name: self.values}, len(self), columns=[name])
        return columns[name], problems


def join_labels(captured: Captured, labels: Mapping[str, Label]) -> LabelledPredictions:
    """Join predictions and labels by the prediction's id. A late label counts like any other."""
    rows = [row for row in captured.rows if row.id in labels]
    matches = [labels[row.id] for row in rows]
    return LabelledPredictions(
        captured=Captured(rows, captured.damaged),
        values=objects([label.value for label in matches]),
        received=np.array([label.received_at for label in matches], "datetime64[us]"),
        unmatched=tuple(sorted(labels.keys() - {row.id for row in rows})),
        unlabelled=len(captured) - len(rows),
    )
