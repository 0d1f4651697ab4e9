"""What every reader yields: chunks of some thousand rows, as columns, with the rows that could not be parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from preprocessing import tidy_text
from refrain.errors import UnreadableUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from preprocessing import Array, Definition
    from refrain.ingest.formats import Content

MAX_CHUNK_ROWS = 5_000
MAX_CHUNK_BYTES = 4 * 1024 * 1024
MAX_COLUMN_NAMES = 1_000
"""Names of columns that are remembered for the receipt."""

MAX_LISTED_NAMES = 20
"""Names that an error lists."""


@dataclass(frozen=True)
class Malformed:
    """A row that could not be parsed: its number among the rows and its line, both from 1, and why."""

    number: int
    line: int
    reason: str
    original: object


@dataclass(frozen=True)
class Chunk:
    """Some rows of an upload.

    `columns` are raw, for `preprocessing.prepare`, named as in the definition. `numbers` (int64) counts the rows of the
    file from 1, `lines` (int64) its lines (its rows, where it has no lines). `original(i)` is row i as it came.

    A reader that has already typed and cleaned rows yields the usable ones as `accepted`, a table like those of
    `curated.arrow_table`, and all other rows, with the malformed ones, as the chunk `undecided`.
    """

    numbers: Array
    lines: Array
    columns: Mapping[str, Array]
    original: Callable[[int], object]
    malformed: Sequence[Malformed] = ()
    accepted: pa.Table | None = None
    undecided: Chunk | None = None

    @property
    def rows(self) -> int:
        """The number of rows in `columns`."""
        return len(self.numbers)


@dataclass
class Reading:
    """A file that is being read.

    `names` holds the names of its columns, and `notes` what its owner should know; both are complete once all `chunks`
    were taken.
    """

    names: dict[str, None]
    chunks: Iterator[Chunk] = field(repr=False)
    notes: list[str] = field(default_factory=list)


def batches[Item](items: Iterable[Item], content: Content) -> Iterator[list[Item]]:
    """Cut a stream of rows into lists of at most `MAX_CHUNK_ROWS`; the lists are shorter where rows are long."""
    batch: list[Item] = []
    stop = content.consumed + MAX_CHUNK_BYTES
    for item in items:
        batch.append(item)
        if len(batch) >= MAX_CHUNK_ROWS or content.consumed >= stop:
            yield batch
            batch = []
            stop = content.consumed + MAX_CHUNK_BYTES
    if batch:
        yield batch


def columns_by_name(definition: Definition) -> dict[str, str]:
    """Map the names that a file may use to the columns of the definition, and to the parts of its times."""
    rename = definition.source.rename
    return {name: name for name in definition.raw_names if name not in rename} | dict(rename)


def column_indexes(definition: Definition, header: Sequence[str]) -> dict[str, int]:
    """Map the definition's columns to their index in a header. Raises `UnreadableUpload` if no row could be kept."""
    columns = columns_by_name(definition)
    indexes: dict[str, int] = {}
    for index, name in enumerate(header):
        column = columns.get(tidy_text(name))
        if column is None:
            continue
        if column in indexes:
            raise UnreadableUpload(
                "duplicate_column",
                f"the file has column {column!r} twice: as field {indexes[column] + 1} ({header[indexes[column]]!r})"
                f" and as field {index + 1} ({name!r})",
            )
        indexes[column] = index
    check_columns(definition, indexes, header)
    return indexes


def check_columns(definition: Definition, columns: Iterable[str], names: Iterable[str]) -> None:
    """Refuse a file that has none of the definition's columns, or not the target: none of its rows could be kept.

    A definition without a target reads rows to predict. `columns` are those of the definition that the file has,
    `names` all names in the file.
    """
    columns = set(columns)
    if not columns:
        raise UnreadableUpload(
            "no_columns",
            f"the file has none of the columns. Found: {listed_names(names)}. "
            f"Expected: {listed_names(columns_by_name(definition))}."
            " A file without a header line needs source.header in the definition",
        )
    if definition.predicted_column and definition.predicted_column not in columns:
        raise UnreadableUpload(
            "no_target",
            f"the file has no column {definition.predicted_column!r}, the target, so nothing can be learned from it."
            f" Found: {listed_names(names)}",
        )


def listed_names(names: Iterable[str]) -> str:
    """List names for a person, but not too many of them.

    >>> listed_names(["a", "b"])
    'a, b'
    """
    names = list(names)
    more = f" and {len(names) - MAX_LISTED_NAMES} more" if len(names) > MAX_LISTED_NAMES else ""
    return (", ".join(printable(name[:80]) or "(no name)" for name in names[:MAX_LISTED_NAMES]) or "nothing") + more


def printable(text: str) -> str:
    """Escape what UTF-8 cannot hold: JSON may have half a letter in a name.

    >>> printable("\\ud800")
    '\\\\ud800'
    """
    return text.encode("utf-8", "backslashreplace").decode()
