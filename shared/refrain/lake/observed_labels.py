"""Labels of a version's predictions with the rows that they are of: a sample, of which quality is measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.lake.observed_rows import ObservedRows
from refrain.lake.packed_columns import compress_arrays, unpack_arrays

if TYPE_CHECKING:
    from preprocessing import Array


@dataclass(slots=True)
class ObservedLabel:
    """The label that counts for a prediction: a JSON value.

    Times are microseconds since 1970: when the prediction was asked for, when the label was first sent, when it was
    last sent.
    """

    asked: int
    value: object
    received: int
    last: int

    def update(self, value: object, received: int) -> None:
        """Take another label of the same prediction, which may have been received earlier."""
        if type(value) is type(self.value) and value == self.value:
            self.received, self.last = min(self.received, received), max(self.last, received)
        elif received >= self.last:
            self.value, self.received, self.last = value, received, received


@dataclass
class ObservedLabels:
    """Labels by the hash of the prediction's id; `rows` are those of them that were found.

    `bounds` are the greatest hashes that were kept, by the time of the report (microseconds since 1970). `read` are
    hashes of the keys of the label files that have been read, `tried` the batches in which rows were looked for.
    """

    labels: dict[int, ObservedLabel] = field(default_factory=dict)
    rows: ObservedRows | None = None
    bounds: dict[int, int] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)

    def matched(self) -> set[int]:
        """Return the hashes of the labels whose rows were found."""
        return set() if self.rows is None else set(self.rows.hashes.tolist())

    def keep_smallest(self, bound: int, count: int) -> int:
        """Keep the labels with hashes of at most `bound`, and of them at most so many; return the bound of both."""
        kept = sorted(hashed for hashed in self.labels if hashed <= bound)[: count + 1]
        bound = kept[count] - 1 if len(kept) > count else bound
        self.labels = {hashed: self.labels[hashed] for hashed in kept if hashed <= bound}
        self.keep_rows()
        return bound

    def sample_rows(self, bound: int, count: int) -> int:
        """Keep at most so many rows that were found, and the labels up to the bound of them; return that bound."""
        if self.rows is None or len(self.rows) <= count:
            return bound
        return self.keep_smallest(int(self.rows.hashes[count]) - 1, len(self.labels))

    def forget(self, since: int, missed: int) -> None:
        """Leave out what was asked before `since`, and what was asked before `missed` and not found."""
        matched = self.matched()
        self.labels = {
            hashed: label
            for hashed, label in self.labels.items()
            if label.asked >= (since if hashed in matched else max(since, missed))
        }
        self.bounds = {time: bound for time, bound in self.bounds.items() if time >= since}
        self.keep_rows()

    def keep_rows(self) -> None:
        """Leave out the rows whose label was left out."""
        if self.rows is not None:
            self.rows = self.rows.select(
                np.array([hashed in self.labels for hashed in self.rows.hashes.tolist()], bool)
            )

    def pack(self) -> bytes:
        """Write them: the same labels are the same bytes."""
        hashes = sorted(self.labels)
        labels = [self.labels[hashed] for hashed in hashes]
        rows = b"" if self.rows is None else self.rows.pack()
        return compress_arrays(
            hashes=np.array(hashes, np.uint64),
            times=np.array([(label.asked, label.received, label.last) for label in labels], np.int64).reshape(-1, 3),
            texts=_as_array([[label.value for label in labels], self.tried]),
            reports=np.array(sorted(self.bounds), np.int64),
            bounds=np.array([self.bounds[time] for time in sorted(self.bounds)], np.uint64),
            read=np.array(sorted(self.read), np.uint64),
            rows=np.frombuffer(rows, np.uint8),
        )

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read what `pack` wrote."""
        arrays = unpack_arrays(data)
        values, tried = json.loads(arrays["texts"].tobytes())
        entries = zip(arrays["hashes"].tolist(), values, arrays["times"].tolist(), strict=True)
        rows = arrays["rows"].tobytes()
        return cls(
            labels={hashed: ObservedLabel(asked, value, *times) for hashed, value, (asked, *times) in entries},
            rows=ObservedRows.unpack(rows) if rows else None,
            bounds=dict(zip(arrays["reports"].tolist(), arrays["bounds"].tolist(), strict=True)),
            read=set(arrays["read"].tolist()),
            tried=tried,
        )


def _as_array(content: object) -> Array:
    return np.frombuffer(json.dumps(content).encode(), np.uint8)
