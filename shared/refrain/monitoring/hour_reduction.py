"""Reduce captured files to the statistics of a version's hours, one file after the other.

Memory holds one file, one piece of its rows, and of each hour a sample of the rows and the hashes of the ids. A row
that was delivered before, in whichever file, is not counted again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.capture.predictions import Captured, rows_of_line
from refrain.lake.capture.reading import rows_of_lines
from refrain.lake.hour_counts import HourCounts
from refrain.lake.hour_index import ALL_HASHES, ReducedBatch, name_batch
from refrain.lake.observed_rows import ObservedRows
from refrain.lake.packed_columns import pack_arrays, unpack_arrays
from refrain.monitoring.captured_statistics import hours_of, observe_rows
from refrain.times import iso_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing import Array
    from refrain.lake.capture.predictions import CapturedRow
    from refrain.lake.hour_index import HourFolder
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.watched_cells import WatchedCells

MAX_HOUR_SAMPLE = 5_000
"""Rows of an hour that a batch keeps as they are. If no hour has more, every row can be joined with its label."""

MAX_PIECE_ROWS = 10_000
"""Rows that are read at once."""


MAX_PARTS = 200
"""Counts of so many pieces are added up at once."""


@dataclass
class BatchReduction:
    """Statistics of files that are being read, on top of the `batches` before them, for windows from `since` on.

    `seconds` is the length of the spans in which rows are counted.
    """

    folder: HourFolder
    batches: Sequence[ReducedBatch]
    version: ServedVersion
    cells: WatchedCells
    seconds: int
    since: str
    sources: list[str] = field(default_factory=list)
    rows: int = 0
    damaged: int = 0
    _parts: list[HourCounts] = field(default_factory=list)
    _samples: dict[np.datetime64, ObservedRows] = field(default_factory=dict)
    _before: dict[np.datetime64, Array] = field(default_factory=dict)
    _hashes: dict[np.datetime64, Array] = field(default_factory=dict)

    def add(self, source: str) -> None:
        """Read a captured file."""
        self.sources.append(source)
        data = self.folder.store.read(source).data
        for piece in batched(self._rows_of(source, data), MAX_PIECE_ROWS, strict=False):
            self._add_rows(piece)

    def write(self) -> ReducedBatch:
        """Write the statistics, and return their entry in the index."""
        name = name_batch([batch.name for batch in self.batches[-1:]], self.sources)
        if not self._parts:
            return ReducedBatch(name, self.since, self.since, 0, ALL_HASHES, self.damaged, 0, 0)
        counts = HourCounts.join(self._parts)
        hashes = {str(start.astype(np.int64)): array for start, array in self._hashes.items()}
        samples = [self._samples[start] for start in counts.starts]
        of_hours = zip(samples, counts.rows.tolist(), strict=True)
        bound = min((int(rows.hashes[-1]) for rows, all_rows in of_hours if len(rows) < all_rows), default=ALL_HASHES)
        sample = ObservedRows.join(samples)
        parts = {"ids": pack_arrays(**hashes), "counts": counts.pack(), "rows": sample.pack()}
        for part, data in parts.items():
            self.folder.store.write(self.folder.key(name, part), data)
        since, until = (iso_of(start) for start in (counts.starts[0], counts.starts[-1]))
        return ReducedBatch(name, since, until, self.rows, bound, self.damaged, len(sample), len(parts["rows"]))

    def _rows_of(self, source: str, data: bytes) -> Iterator[CapturedRow]:
        for rows in rows_of_lines(source, data, rows_of_line):
            if rows is None:
                self.damaged += 1
            else:
                yield from (row for row in rows if row.version == self.version.name)

    def _add_rows(self, piece: tuple[CapturedRow, ...]) -> None:
        rows, columns = observe_rows(self.version, Captured(piece))
        hours = hours_of(rows.times, self.seconds)
        new = np.zeros(len(rows), bool)
        new[np.unique(rows.hashes, return_index=True)[1]] = True
        for hour in np.unique(hours):
            of_hour = hours == hour
            new[of_hour] &= ~np.isin(rows.hashes[of_hour], self._hashes_of(hour))
        rows, hours = rows.select(new), hours[new]
        if not len(rows):
            return
        unfamiliar = [row.unfamiliar for row, kept in zip(piece, new, strict=True) if kept]
        columns = {name: values[new] for name, values in columns.items()}
        counts = self.cells.count(rows, columns, unfamiliar, hours)
        self.rows += len(rows)
        self._parts.append(counts)
        if len(self._parts) >= MAX_PARTS:
            self._parts = [HourCounts.join(self._parts)]
        for hour in counts.starts:
            self._keep(hour, rows.select(hours == hour))

    def _keep(self, hour: np.datetime64, rows: ObservedRows) -> None:
        self._hashes[hour] = np.union1d(self._hashes.get(hour, rows.hashes), rows.hashes)
        samples = [self._samples[hour], rows] if hour in self._samples else [rows]
        self._samples[hour] = ObservedRows.join(samples).smallest(MAX_HOUR_SAMPLE)

    def _hashes_of(self, hour: np.datetime64) -> Array:
        """Return the hashes of all rows of an hour so far, those of the batches before included."""
        if hour not in self._before:
            start = iso_of(hour)
            names = [batch.name for batch in self.batches if batch.since <= start <= batch.until]
            parts = [unpack_arrays(data) for data in (self.folder.read_part(name, "ids") for name in names) if data]
            hour_name, none = str(hour.astype(np.int64)), np.empty(0, np.uint64)
            self._before[hour] = np.concatenate([none, *(part.get(hour_name, none) for part in parts)])
        return np.concatenate([self._before[hour], self._hashes.get(hour, np.empty(0, np.uint64))])
