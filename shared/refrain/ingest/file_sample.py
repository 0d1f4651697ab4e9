"""Samples the rows of a file that no definition describes yet, and finds how it is written and what its columns are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.types as pt

from preprocessing import tidy_text
from refrain.errors import UnreadableUpload
from refrain.ingest.file_source import FileSource, find_source, probe_definition
from refrain.ingest.formats import format_of
from refrain.ingest.keeping import READERS
from refrain.ingest.readers.parquet import read_schema
from refrain.ingest.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_SAMPLED_COLUMNS = 1_000


@dataclass
class FileSample:
    """Values as they are written, of `rows` rows of a file, and how the file is written.

    `unusable` are columns that no definition can name, with the reason.
    """

    format: str
    source: FileSource
    columns: Mapping[str, list[object]]
    rows: int
    unusable: Mapping[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The share of the file's rows that is in the sample."""
        return len(next(iter(self.columns.values()))) / max(self.rows, 1)


def sample_file(path: Path) -> FileSample:
    """Sample a file. Raises `UnreadableUpload`."""
    form = format_of(path.name)
    source, unusable = _source(path, form)
    names = list(dict.fromkeys(source.keys.get("rename", {}).get(name, name) for name in source.names))
    names = [name for name in names if name not in unusable][:MAX_SAMPLED_COLUMNS]
    if not names:
        raise UnreadableUpload("no_columns", "the file has no column that a definition can name")
    rehearsal = rehearse(path, form, probe_definition(names, source.keys))
    columns = {name: rehearsal.sample[name] for name in names}
    return FileSample(form, source, columns, rehearsal.rows, unusable)


def _source(path: Path, form: str) -> tuple[FileSource, dict[str, str]]:
    """Find how a file is written, and which of its columns cannot be used."""
    unusable: dict[str, str] = {}
    if form in ("csv", "tsv"):
        source = find_source(path, form)
    elif form == "parquet":
        schema = read_schema(path)
        unusable = {tidy_text(item.name): f"of type {item.type}" for item in schema if pt.is_nested(item.type)}
        source = FileSource({}, {}, tuple(tidy_text(name) for name in schema.names))
    else:
        source = FileSource({}, {}, tuple(_names_in_objects(path, form)))
    repeated = {name for name in source.names if source.names.count(name) > 1}
    unusable |= dict.fromkeys(repeated, "several columns have this name")
    unusable |= {"": "it has no name"} if "" in source.names else {}
    renamed = {name: _free_name(name, source.names) for name in source.names if name.startswith("_")}
    if renamed and "header" not in source.keys:
        source.keys["rename"] = renamed
        source.reasons["rename"] = "names that begin with _ are reserved"
    return source, unusable


def _free_name(name: str, names: Sequence[str]) -> str:
    bare = name.lstrip("_") or "column"
    return bare if bare not in names else f"column{name}"


def _names_in_objects(path: Path, form: str) -> list[str]:
    """List the names that JSON objects have; the reader refuses the file only at its end, since it knows no column."""
    probe = probe_definition(["refrain target"], {})
    with READERS[form](path, probe, form) as reading:
        try:
            for _ in reading.chunks:
                pass
        except UnreadableUpload as error:
            if error.code != "no_columns":
                raise
    return list(dict.fromkeys(tidy_text(name) for name in reading.names))
