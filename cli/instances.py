"""Rows to predict: from arguments, or from a file that is read as an upload is, so that values mean the same."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from cli.exit_codes import RefusedCommand, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.readers.chunks import Chunk

type Instance = dict[str, Any]

MAX_INSTANCES = 1000
"""Instances of one request."""


def parse_row(arguments: Iterable[str]) -> list[Instance]:
    """Read `name=value` (a text, as in an upload) and `name:=value` (JSON) as one row, or whole rows as JSON.

    >>> parse_row(["plan=family", "fee=29", "k:=5"])
    [{'plan': 'family', 'fee': '29', 'k': 5}]
    >>> parse_row(['{"fee": 29}', '[{"fee": 30}]'])
    [{'fee': 29}, {'fee': 30}]

    Raises `UsageError`.
    """
    pairs: Instance = {}
    rows: list[Instance] = []
    for argument in arguments:
        if argument.lstrip().startswith(("{", "[")):
            content = _read_json(argument)
            rows += content if isinstance(content, list) else [content]
            continue
        name, equals, value = argument.partition("=")
        if not equals:
            raise UsageError(f"{argument!r} is not name=value, nor a JSON object.")
        if name.endswith(":"):
            pairs[name[:-1]] = _read_json(value)
        else:
            pairs[name] = value
    return [*rows, pairs] if pairs else rows


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{text!r:.80} is not JSON: {error}.") from None


def read_instances(path: Path, definition: Definition) -> Iterator[list[Instance]]:
    """Read a file of rows in lists that fit into a request. Raises `UnreadableUpload` and `RefusedCommand`."""
    from refrain.ingest.formats import format_of
    from refrain.ingest.keeping import READERS

    wanted = dict.fromkeys(name for name in (*definition.inputs, *definition.key, definition.time) if name)
    columns = {name: definition.columns[name] for name in wanted}
    form = format_of(path.name)
    with READERS[form](path, replace(definition, target="", columns=columns), form) as reading:
        rows = chain.from_iterable(map(_rows_of, reading.chunks))
        while batch := list(islice(rows, MAX_INSTANCES)):
            yield batch


def _rows_of(chunk: Chunk) -> list[Instance]:
    """Return the rows of a chunk as JSON values, in the order of the file."""
    raw = chunk.undecided or chunk if chunk.accepted is not None else chunk
    for row in raw.malformed:
        raise RefusedCommand(f"line {row.line} is no row: {row.reason}. Nothing more is read.")
    numbered: list[tuple[int, Instance]] = []
    if raw is not chunk or chunk.accepted is None:
        values = {name: column.tolist() for name, column in raw.columns.items()}
        rows = (dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))
        numbered += zip(raw.numbers.tolist(), rows, strict=True)
    if chunk.accepted is not None:
        numbered += ((row.pop("_row"), row) for row in chunk.accepted.to_pylist())
        numbered.sort(key=lambda row: row[0])
    return [{name: _to_json(value) for name, value in row.items()} for _, row in numbered]


def _to_json(value: Any) -> Any:
    """Return a value as JSON has it: times as ISO 8601, and what is not a number as missing."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return None if value != value else value
