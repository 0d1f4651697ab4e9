"""Read one file to its end: usable rows go to curated parts, all others to the rejected rows, and both are counted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import __version__ as preprocessing_version
from preprocessing import prepare, similar_names, tidy_text
from refrain.errors import Conflict, UnreadableUpload
from refrain.ingest.curated import Curated, arrow_table, merge_by_row_number
from refrain.ingest.deadline import NO_DEADLINE, Deadline
from refrain.ingest.forgotten_uploaders import refuse_forgotten
from refrain.ingest.profile import Profile
from refrain.ingest.readers import delimited, jsonarray, jsonlines, parquet
from refrain.ingest.readers.chunks import Malformed, columns_by_name, printable
from refrain.ingest.readers.dialect import EMPTY_LINE
from refrain.ingest.rejected import Rejected
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.lake.receipt import KeptPart, UploadContents, curated_key, rejected_key, upload_digest
from refrain.times import from_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from preprocessing import Columns, Definition, Problem
    from refrain.aws.storage import Store
    from refrain.ingest.readers.chunks import Chunk, Reading
    from refrain.lake.receipt import UploadSource

READERS: Mapping[str, Callable[[Path, Definition, str], AbstractContextManager[Reading]]] = {
    "csv": delimited.read_delimited,
    "tsv": delimited.read_delimited,
    "jsonl": jsonlines.read_json_lines,
    "json": jsonarray.read_json_array,
    "parquet": parquet.read_parquet,
}

MAX_LISTED_COLUMNS = 100
"""Ignored columns that a receipt lists."""


@dataclass(frozen=True)
class UploadedFile:
    """An upload that was downloaded; `sha256` (hex) is of its content, however it was packed.

    Rows of `forgotten` keys are refused.
    """

    path: Path
    format: str
    source: UploadSource
    sha256: str
    deadline: Deadline = NO_DEADLINE
    forgotten: ForgottenKeys | None = None

    @property
    def uploaded_at(self) -> datetime:
        """When it was uploaded (UTC)."""
        return from_iso(self.source.uploaded_at)

    def digest(self, definition: Definition) -> str:
        """Name the upload by its content, and by the definition and the meaning of values that read it."""
        return upload_digest(definition.fingerprint, preprocessing_version, self.sha256)

    def check_forgotten(self, model: str, lake: Store) -> None:
        """Raise `Conflict` where people were forgotten while it was read: the next try refuses their rows."""
        if ForgottenKeys.read_if_any(lake, model) != self.forgotten:
            raise Conflict(ForgottenKeys.key(model))


def keep(path: Path, form: str, definition: Definition, digest: str, lake: Store) -> dict[str, Any]:
    """Keep the rows of a file; return the part of its receipt that the file determines, as plain JSON values.

    The entry for scripts: ingest itself calls `keep_rows`. Raises `UnreadableUpload`.
    """
    return keep_rows(path, form, definition, digest, lake).to_json()


def keep_rows(
    path: Path,
    form: str,
    definition: Definition,
    digest: str,
    lake: Store,
    deadline: Deadline = NO_DEADLINE,
    forgotten: ForgottenKeys | None = None,
) -> UploadContents:
    """Read a file, then write its parts and rejected rows to the lake.

    Nothing is uploaded before the file was read to its end. Raises `UnreadableUpload`.
    """
    profile = Profile(definition)
    with (
        READERS[form](path, definition, form) as reading,
        closing(Curated(path.parent, definition)) as curated,
        closing(Rejected(path.parent / "rejected.jsonl.gz", keeps_rows=forgotten is None)) as rejected,
    ):
        for chunk in deadline.limit(reading.chunks):
            table = _sort(chunk, definition, rejected)
            if forgotten is not None:
                table = refuse_forgotten(table, definition, forgotten, rejected)
            profile.add(table)
            curated.add(table)
    contents = describe_contents(form, definition, reading, rejected, sum(part.rows for part in curated.parts))
    return replace(
        contents,
        parts=_upload_parts(curated, definition, digest, lake),
        rejected=upload_rejected(rejected, definition, digest, lake),
        columns=profile.figures(),
        notes=[*contents.notes, *profile.hints()],
    )


def _sort(chunk: Chunk, definition: Definition, rejected: Rejected) -> pa.Table:
    """Reject the rows of a chunk that cannot be used; return the others."""
    table = chunk.accepted
    if table is None or chunk.undecided is not None:
        rest = chunk.undecided or chunk
        columns, usable = usable_rows(rest, definition, rejected)
        added = arrow_table(definition, columns, rest.numbers[usable])
        table = added if table is None else merge_by_row_number(table, added)
    return table


def usable_rows(chunk: Chunk, definition: Definition, rejected: Rejected) -> tuple[Columns, NDArray[np.bool_]]:
    """Reject the rows of a chunk that cannot be used; return the usable ones, typed and clean, and a mask of them."""
    columns, problems = prepare(definition, chunk.columns, chunk.rows)
    usable = np.ones(chunk.rows, bool)
    rejections = [(row.number, partial(rejected.malformed, row)) for row in chunk.malformed]
    for row, row_problems in groupby(problems, attrgetter("row")):
        usable[row] = False
        rejections.append((int(chunk.numbers[row]), partial(_reject, rejected, chunk, row, list(row_problems))))
    for _, reject in sorted(rejections, key=itemgetter(0)):
        reject()
    if problems:
        columns = {name: array[usable] for name, array in columns.items()}
    return columns, usable


def _reject(rejected: Rejected, chunk: Chunk, row: int, problems: list[Problem]) -> None:
    """Reject a row for its problems; one without any value has one problem, however many columns are required."""
    if all(problem.reason == "is required" for problem in problems):
        original: Any = chunk.original(row)
        values = original.values() if isinstance(original, dict) else original
        if all(value is None or (isinstance(value, str) and not value.strip()) for value in values):
            empty = Malformed(int(chunk.numbers[row]), int(chunk.lines[row]), EMPTY_LINE, original)
            rejected.malformed(empty)
            return
    rejected.invalid(chunk, row, problems)


def describe_contents(
    form: str, definition: Definition, reading: Reading, rejected: Rejected, kept: int
) -> UploadContents:
    """Count the rows of a file that was read to its end, and compare its columns with the definition's.

    Raises `UnreadableUpload` where the file has no rows.
    """
    if not kept + rejected.rows:
        raise UnreadableUpload("no_rows", "the file has no rows")
    columns = columns_by_name(definition)
    present = {columns[name] for name in map(tidy_text, reading.names) if name in columns}
    ignored = [name for name in reading.names if tidy_text(name) not in columns]
    absent = _absent_names(definition, present)
    similar = similar_names(absent, ignored)
    return UploadContents(
        format=form,
        rows_read=kept + rejected.rows,
        rows_kept=kept,
        rows_rejected=rejected.rows,
        rejections=rejected.reasons(),
        ignored_columns=list(map(printable, ignored[:MAX_LISTED_COLUMNS])),
        absent_columns=absent,
        notes=[
            *reading.notes,
            *(f"column {column!r} is absent: did you mean {name!r}?" for name, column in similar.items()),
        ],
    )


def _absent_names(definition: Definition, present: Collection[str]) -> list[str]:
    """List the columns that a file lacks, and the lacking parts of the times that it has neither whole nor in parts."""
    names = chain(*(definition.parts.get(name, (name,)) for name in definition.columns if name not in present))
    return [name for name in dict.fromkeys(names) if name not in present]


def _upload_parts(curated: Curated, definition: Definition, digest: str, lake: Store) -> list[KeptPart]:
    parts = [
        KeptPart(curated_key(definition.model, digest, number), part.rows) for number, part in enumerate(curated.parts)
    ]
    for file, part in zip(curated.parts, parts, strict=True):
        lake.upload(file.path, part.key)
    return parts


def upload_rejected(rejected: Rejected, definition: Definition, digest: str, lake: Store) -> str | None:
    """Upload the rejected rows, if there are any, and return their key."""
    if not rejected.rows:
        return None
    key = rejected_key(definition.model, digest)
    lake.upload(rejected.path, key)
    return key
