"""What every reader gives: some thousand rows at a time, as columns, and the rows that are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from preprocessing import Array, Definition
    from refrain.ingest.formats import Content

ROWS = 5_000
BYTES = 4 * 1024 * 1024
NAMES = 1_000
"""At most so many names of columns are remembered for the receipt."""


@dataclass(frozen=True)
class Malformed:
    """A row that could not even be taken apart: its number among the rows and its line, both from 1, and why."""

    number: int
    line: int
    reason: str
    original: object


@dataclass(frozen=True)
class Chunk:
    """Some rows of an upload.

    `columns` are raw, for `preprocessing.prepare`, named as in the definition. `numbers` (int64) counts the rows of the
    file from 1, `lines` (int64) its lines (its rows, where it has no lines). `original(i)` is row i as it came.

    A reader that has understood rows already gives those that are good as `sure`, made like `curated.table`, and the
    chunk of all others, with the malformed ones, as `unsure`.
    """

    numbers: Array
    lines: Array
    columns: Mapping[str, Array]
    original: Callable[[int], object]
    malformed: Sequence[Malformed] = ()
    sure: pa.Table | None = None
    unsure: Chunk | None = None

    @property
    def rows(self) -> int:
        """How many rows are in `columns`."""
        return len(self.numbers)


@dataclass
class Reading:
    """A file being read: `found` has the names of its columns, complete once all `chunks` were taken."""

    format: str
    found: dict[str, None]
    chunks: Iterator[Chunk] = field(repr=False)


def batches[Item](items: Iterable[Item], content: Content) -> Iterator[list[Item]]:
    """Cut a stream of rows into lists of at most `ROWS`, shorter ones where rows are long."""
    batch: list[Item] = []
    stop = content.consumed + BYTES
    for item in items:
        batch.append(item)
        if len(batch) >= ROWS or content.consumed >= stop:
            yield batch
            batch = []
            stop = content.consumed + BYTES
    if batch:
        yield batch


def sources(definition: Definition) -> dict[str, str]:
    """Map names in a file to columns of the definition."""
    rename = definition.source.rename
    return {name: name for name in definition.columns if name not in rename} | dict(rename)


def places(definition: Definition, header: Sequence[str]) -> dict[str, int]:
    """Find the definition's columns in a header: column to place. Raises `UnreadableUpload` where that is no use."""
    known = sources(definition)
    found: dict[str, int] = {}
    for place, name in enumerate(header):
        if name not in known:
            continue
        if known[name] in found:
            first = header[found[known[name]]]
            raise UnreadableUpload(
                "duplicate_column",
                f"column {known[name]!r} is there twice: as field {found[known[name]] + 1} ({first!r})"
                f" and as field {place + 1} ({name!r})",
            )
        found[known[name]] = place
    check_columns(definition, found, header)
    return found


def check_columns(definition: Definition, found: Iterable[str], names: Iterable[str]) -> None:
    """Refuse a file with none of the columns (`found`), or without the target, for no row of it could be kept."""
    found = set(found)
    if not found:
        raise UnreadableUpload(
            "no_columns",
            f"none of the columns is in the file. Found: {listed_names(names)}. "
            f"Expected: {listed_names(sources(definition))}."
            " A file without a header line needs source.header in the definition",
        )
    if definition.predicted_column not in found:
        raise UnreadableUpload(
            "no_target",
            f"the target {definition.predicted_column!r} is not in the file, so nothing can be learned from it."
            f" Found: {listed_names(names)}",
        )


def listed_names(names: Iterable[str]) -> str:
    """Write names for a person; not too many of them.

    >>> listed_names(["a", "b"])
    'a, b'
    """
    names = list(names)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(name[:80] or "(no name)" for name in names[:20]) or "nothing") + more
