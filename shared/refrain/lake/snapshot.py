"""The frozen rows of a retraining run, as numpy's own `.npz` without pickle: typed columns, categories as codes.

The function that takes a snapshot has Arrow and pandas; those that train and evaluate have neither room nor need for
them, and read this with numpy alone.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import Array, Columns, Definition, missing, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUES = ".values"
"""Behind a category's name: its distinct values, as the UTF-8 bytes of a JSON list."""


def pack_columns(columns: Columns) -> bytes:
    """Write typed columns as an npz; a category becomes int32 codes (-1 missing) and its distinct values, sorted."""
    arrays: dict[str, Array] = {}
    for name, array in columns.items():
        if array.dtype != object:
            arrays[name] = array
            continue
        values = sorted({value for value in array if value is not None})
        codes: dict[str | None, int] = {value: code for code, value in enumerate(values)}
        codes[None] = -1
        arrays[name] = np.fromiter((codes[value] for value in array), np.int32, len(array))
        arrays[name + VALUES] = np.frombuffer(json.dumps(values).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack_columns(data: bytes) -> dict[str, Array]:
    """Read what `pack` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: _column(name, arrays) for name in arrays.files if not name.endswith(VALUES)}


def fit_to(definition: Definition, columns: Columns) -> dict[str, Array]:
    """Give a definition the columns that its callers send; one that the snapshot lacks is missing, as in service."""
    rows = len(next(iter(columns.values())))
    return {
        name: columns[name] if name in columns else missing(definition.columns[name].kind, rows)
        for name in definition.inputs
    }


def _column(name: str, arrays: Mapping[str, Array]) -> Array:
    if name + VALUES not in arrays:
        return arrays[name]
    values = objects([*json.loads(arrays[name + VALUES].tobytes()), None])
    return np.asarray(values[arrays[name]])
