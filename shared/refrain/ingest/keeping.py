"""One file, read to its end: its good rows to curated parts, the others to the rejected, all of them counted."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import prepare
from refrain.errors import UnreadableUpload
from refrain.ingest.curated import Curated, arrow_table, merge_by_row_number
from refrain.ingest.profile import Profile
from refrain.ingest.readers import delimited, jsonarray, jsonlines, parquet
from refrain.ingest.readers.chunks import sources
from refrain.ingest.rejected import Rejected
from refrain.lake import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store
    from refrain.ingest.readers.chunks import Chunk, Reading

READERS: Mapping[str, Callable[[Path, Definition, str], AbstractContextManager[Reading]]] = {
    "csv": delimited.read_delimited,
    "tsv": delimited.read_delimited,
    "jsonl": jsonlines.read_json_lines,
    "json": jsonarray.read_json_array,
    "parquet": parquet.read_parquet,
}

LISTED = 100
"""Ignored columns that a receipt lists."""


def keep(path: Path, form: str, definition: Definition, digest: str, lake: Store) -> dict[str, Any]:
    """Read a file, write its parts and rejected rows to the lake; return the facts for its receipt.

    Nothing is uploaded before the file was read to its end. Raises `UnreadableUpload`.
    """
    profile = Profile(definition)
    with (
        READERS[form](path, definition, form) as reading,
        closing(Curated(path.parent, definition)) as curated,
        closing(Rejected(path.parent / "rejected.jsonl.gz")) as rejected,
    ):
        for chunk in reading.chunks:
            _sort(chunk, definition, curated, rejected, profile)
    kept = sum(part.rows for part in curated.parts)
    if not kept + rejected.rows:
        raise UnreadableUpload("no_rows", "the file has no rows")
    return {
        "format": form,
        "rows_read": kept + rejected.rows,
        "rows_kept": kept,
        "rows_rejected": rejected.rows,
        "parts": _upload_parts(curated, definition, digest, lake),
        **upload_rejected(rejected, definition, digest, lake),
        **columns_of(definition, reading),
        "columns": profile.document(),
    }


def _sort(chunk: Chunk, definition: Definition, curated: Curated, rejected: Rejected, profile: Profile) -> None:
    """Bring each row of a chunk to where it belongs."""
    rows = chunk.sure
    if rows is None or chunk.unsure is not None:
        rest = chunk.unsure or chunk
        columns, good = sound(rest, definition, rejected)
        more = arrow_table(definition, columns, rest.numbers[good])
        rows = more if rows is None else merge_by_row_number(rows, more)
    profile.add(rows)
    curated.add(rows)


def sound(chunk: Chunk, definition: Definition, rejected: Rejected) -> tuple[Columns, NDArray[np.bool_]]:
    """Reject the rows of a chunk that cannot be used; return the others, typed and clean, and which these are."""
    columns, problems = prepare(definition, chunk.columns, chunk.rows)
    good = np.ones(chunk.rows, bool)
    refused = [(row.number, partial(rejected.malformed, row)) for row in chunk.malformed]
    for place, each in groupby(problems, attrgetter("row")):
        good[place] = False
        refused.append((int(chunk.numbers[place]), partial(rejected.invalid, chunk, place, list(each))))
    for _, reject in sorted(refused, key=itemgetter(0)):
        reject()
    if problems:
        columns = {name: array[good] for name, array in columns.items()}
    return columns, good


def _upload_parts(curated: Curated, definition: Definition, digest: str, lake: Store) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = []
    for number, part in enumerate(curated.parts):
        key = keys.curated(definition.model, digest, number)
        lake.upload(part.path, key)
        parts.append({"key": key, "rows": part.rows})
    return parts


def upload_rejected(rejected: Rejected, definition: Definition, digest: str, lake: Store) -> dict[str, Any]:
    """Bring the rejected rows, if there are any, to the lake, and say where they are and why they are rejected."""
    key = keys.rejected(definition.model, digest) if rejected.rows else None
    if key:
        lake.upload(rejected.path, key)
    return {"rejected": key, "rejections": rejected.reasons()}


def columns_of(definition: Definition, reading: Reading) -> dict[str, list[str]]:
    """Say which columns of the file are not ours, and which of ours are not in the file."""
    known = sources(definition)
    found = {known[name] for name in reading.found if name in known}
    return {
        "ignored_columns": [name for name in reading.found if name not in known][:LISTED],
        "absent_columns": [name for name in definition.columns if name not in found],
    }
