"""Small definitions, and files read to their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from preprocessing import Definition, parse_definition
from refrain.ingest.formats import format_of
from refrain.ingest.keeping import READERS

if TYPE_CHECKING:
    from pathlib import Path

    from refrain.ingest.readers.chunks import Malformed

TREE = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
COLUMNS = {"age": {"type": "number"}, "town": {"type": "category"}, "label": {"type": "category"}}


@dataclass(frozen=True)
class Read:
    """All rows of a file: raw columns, lines and numbers of the rows, the malformed ones, and all names found."""

    columns: Mapping[str, list[Any]]
    lines: list[int]
    numbers: list[int]
    originals: list[object]
    malformed: list[Malformed]
    found: list[str]


Reader = Callable[..., Read]


@pytest.fixture
def define() -> Callable[..., Definition]:
    """Make a definition of a model with three columns, or with those given."""

    def make(columns: Mapping[str, object] = COLUMNS, **source: object) -> Definition:
        document = {
            "task": "classification",
            "target": "label",
            "source": source,
            "columns": dict(columns),
            "training": {"candidates": [TREE]},
        }
        return parse_definition("people", document, "people.toml")

    return make


@pytest.fixture
def read(tmp_path: Path, define: Callable[..., Definition]) -> Reader:
    """Read some bytes as a file of this name."""

    def run(content: bytes, name: str = "a.csv", definition: Definition | None = None, **source: object) -> Read:
        path = tmp_path / "upload"
        path.write_bytes(content)
        form = format_of(name)
        with READERS[form](path, definition or define(**source), form) as reading:
            chunks = list(reading.chunks)
        names = list(chunks[0].columns) if chunks else []
        return Read(
            columns={name: [value for chunk in chunks for value in chunk.columns[name].tolist()] for name in names},
            lines=[line for chunk in chunks for line in chunk.lines.tolist()],
            numbers=[number for chunk in chunks for number in chunk.numbers.tolist()],
            originals=[chunk.original(row) for chunk in chunks for row in range(chunk.rows)],
            malformed=[row for chunk in chunks for row in chunk.malformed],
            found=list(reading.names),
        )

    return run
