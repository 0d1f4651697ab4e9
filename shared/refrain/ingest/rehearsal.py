"""Reads a file as ingest would, without keeping it: which rows are good, why others are not, and a sample of all.

The sample is spread over the whole file, and memory is bounded whatever the size of the file is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import objects, prepare
from refrain.errors import UnreadableUpload
from refrain.ingest.curated import ROW
from refrain.ingest.keeping import READERS
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from preprocessing import Columns, Definition
    from refrain.ingest.readers.chunks import Chunk

MIN_SAMPLED_ROWS = 5_000
"""A sample has all rows of a file, or from so many to twice as many."""

MAX_EXAMPLES = 1_000
"""Values that cannot be used, of one column, that are remembered."""


@dataclass
class Rehearsal:
    """What ingest would make of a file.

    `reasons` counts rejected cells and malformed rows by column and reason, `refused` the values of cells that cannot
    be used, by column. `sample` has values of all columns of the definition, `repeated_keys` counts rows whose key came
    before. `hashes` name the rows that are kept by the definition's key, or by its identity where that was asked for.
    """

    rows: int = 0
    kept: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: dict[str, Counter[Any]] = field(default_factory=lambda: defaultdict(Counter))
    sample: dict[str, list[object]] = field(default_factory=dict)
    repeated_keys: int = 0
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    ignored: list[str] = field(default_factory=list)

    def good_columns(self, definition: Definition) -> Columns:
        """Return the rows of the sample that can be used, typed and clean."""
        raw = {name: objects(values) for name, values in self.sample.items()}
        rows = len(next(iter(raw.values())))
        columns, problems = prepare(definition, raw, rows)
        good = np.ones(rows, bool)
        good[[problem.row for problem in problems]] = False
        return {name: values[good] for name, values in columns.items()}


def rehearse(path: Path, form: str, definition: Definition, *, by_identity: bool = False) -> Rehearsal:
    """Read a file to its end. Raises `UnreadableUpload`."""
    named_by = definition.identity if by_identity else definition.key
    result, thinned = Rehearsal(), _Thinned(tuple(definition.columns))
    keys: list[NDArray[np.uint64]] = []
    with READERS[form](path, definition, form) as reading:
        for chunk in reading.chunks:
            _count(chunk, definition, result, keys, named_by)
            thinned.add(chunk)
        result.ignored = [name for name in reading.names if name not in definition.raw_names]
    if not result.rows:
        raise UnreadableUpload("no_rows", "the file has no rows")
    result.hashes = np.concatenate([result.hashes, *keys])
    result.repeated_keys = len(result.hashes) - len(np.unique(result.hashes)) if definition.key else 0
    result.sample = thinned.columns()
    return result


def _count(
    chunk: Chunk, definition: Definition, result: Rehearsal, keys: list[NDArray[np.uint64]], named_by: tuple[str, ...]
) -> None:
    if chunk.accepted is not None:
        result.rows += chunk.accepted.num_rows
        result.kept += chunk.accepted.num_rows
        if named_by:
            table = chunk.accepted
            keys.append(_hash_rows({name: table.column(name).to_pylist() for name in named_by}, definition))
    rest = chunk.undecided if chunk.accepted is not None else chunk
    if rest is None:
        return
    columns, problems = prepare(definition, rest.columns, rest.rows)
    usable = np.ones(rest.rows, bool)
    for problem in problems:
        usable[problem.row] = False
        result.reasons[problem.column, problem.reason] += 1
        values = result.refused[problem.column]
        value = problem.value if isinstance(problem.value, str | int | float | None) else str(problem.value)
        if len(values) < MAX_EXAMPLES or value in values:
            values[value] += 1
    for row in rest.malformed:
        result.reasons["", row.reason] += 1
    result.rows += rest.rows + len(rest.malformed)
    result.kept += int(usable.sum())
    if named_by:
        keys.append(row_hashes({name: columns[name][usable] for name in named_by}, named_by))


def _hash_rows(values: Mapping[str, Sequence[object]], definition: Definition) -> NDArray[np.uint64]:
    rows = len(next(iter(values.values())))
    raw = {name: objects(column) for name, column in values.items()}
    return row_hashes(prepare(definition, raw, rows, columns=list(values))[0], tuple(values))


class _Thinned:
    """Rows at even distances, which double when they are too many."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._kept: dict[int, tuple[object, ...]] = {}
        self._step = 1

    def add(self, chunk: Chunk) -> None:
        """Take rows of a chunk, both those that its reader typed and the others."""
        if chunk.accepted is not None:
            table = chunk.accepted
            numbers = table.column(ROW).to_numpy()
            chosen = (numbers - 1) % self._step == 0
            few = table.filter(chosen)
            self._keep(numbers[chosen], {name: few.column(name).to_pylist() for name in self._names})
        rest = chunk.undecided if chunk.accepted is not None else chunk
        if rest is not None:
            chosen = (rest.numbers - 1) % self._step == 0
            present = [name for name in self._names if name in rest.columns]
            self._keep(rest.numbers[chosen], {name: rest.columns[name][chosen].tolist() for name in present})

    def columns(self) -> dict[str, list[object]]:
        """Return the sample in the order of the file."""
        rows = [self._kept[number] for number in sorted(self._kept)]
        return {name: [row[index] for row in rows] for index, name in enumerate(self._names)}

    def _keep(self, numbers: NDArray[np.int64], columns: Mapping[str, Sequence[object]]) -> None:
        absent = [None] * len(numbers)
        rows = zip(*(columns.get(name, absent) for name in self._names), strict=True)
        self._kept |= dict(zip(numbers.tolist(), rows, strict=True))
        while len(self._kept) > 2 * MIN_SAMPLED_ROWS:
            self._step *= 2
            self._kept = {number: row for number, row in self._kept.items() if (number - 1) % self._step == 0}
