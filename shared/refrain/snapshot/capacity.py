"""How many rows a snapshot can look through, and how many of them training holds: known before any row is read."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING

from refrain.errors import TooManyRows
from refrain.process_memory import MEGABYTE, function_bytes
from refrain.snapshot.labelled_rows import labelled_bytes
from refrain.snapshot.rows import RowLimit
from refrain.training_memory import TrainingTable, max_training_rows
from refrain.words import counted, memory_size

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.snapshot.snapshot_kind import RunData, SnapshotKind

MAX_READ_SECONDS = 600
"""Of the function's 900 s; S3 and slow processors need the rest."""

SECONDS_PER_CELL = 0.3e-6
OWN_BYTES = 400 * MEGABYTE
"""Libraries, and the rows that are held at once."""

BYTES_PER_READ_ROW = 90
"""Of each row: hashes, time, target, and what finding the newest of each key takes."""

DISK_BYTES_PER_CELL = 8
SURE_SHARE = 0.95
"""Of the rows that fit: a sample may come out a little larger than it was meant to be."""


def check_readable(definition: Definition, data: RunData) -> None:
    """Count rows by their receipts. Raises `TooManyRows` where the function's memory or time ends before them."""
    rows = sum(part.rows for receipt in data.receipts for part in receipt.parts) + len(data.labelled)
    columns = len(definition.columns)
    by_time = int(MAX_READ_SECONDS / SECONDS_PER_CELL / columns)
    held = OWN_BYTES + labelled_bytes(definition, len(data.labelled))
    by_memory = (function_bytes() - held) / BYTES_PER_READ_ROW
    most = int(min(by_time, by_memory))
    if rows > most:
        cure = "raise SnapshotMemory" if by_memory < by_time else "define fewer columns"
        raise TooManyRows(
            f"there are {counted(rows, 'row')} of {columns} columns, and a snapshot looks through at most "
            f"{counted(most)}: {cure}, or upload fewer rows"
        )


def row_limit(kind: SnapshotKind, data: RunData, training_bytes: int) -> RowLimit:
    """Say how many rows at least one of the candidates can learn from, and what to do with more.

    The recipe that goes into service learns from all of them, the holdout included.
    """
    definition, training = kind.definition, kind.definition.training
    table = _expected_table(definition, data)
    learned = max(max_training_rows(candidate, table, training_bytes) for candidate in training.candidates)
    disk = shutil.disk_usage(tempfile.gettempdir()).free // (DISK_BYTES_PER_CELL * len(definition.columns))
    return RowLimit(
        rows=min(int(SURE_SHARE * learned), disk),
        refuse=training.too_many_rows == "refuse",
        cure=f"training holds about {counted(learned)} of them in {memory_size(training_bytes)}: "
        'raise TrainingMemory, shorten training.window, or set training.too_many_rows = "sample"',
        kept_together=kind.kept_together,
    )


def _expected_table(definition: Definition, data: RunData) -> TrainingTable:
    """Describe the training rows by the receipts: columns with missing values become two."""
    profiles = [receipt.columns for receipt in data.receipts]
    features = definition.matrix_width or len(definition.columns)
    gaps = [name for name in definition.inputs if any(profile.get(name, {}).get("missing") for profile in profiles)]
    width = features + len(gaps) + len(definition.derived)
    classes = max((profile.get(definition.target, {}).get("distinct", 2) for profile in profiles), default=2)
    is_classification = definition.task == "classification"
    return TrainingTable(0, features, width, width, sparse=True, classes=classes if is_classification else 1)
