"""Typed columns as numpy's own `.npz` without pickle; categories as codes and their distinct values.

Functions that have Arrow and pandas write them. Those that train, evaluate and monitor have neither, and need numpy
alone.
"""

from __future__ import annotations

import io
import json

import numpy as np

from preprocessing import Array, Columns, Definition, missing, objects

VALUES = ".values"
"""Ends the name of the array with a category's distinct values: the UTF-8 bytes of a JSON list."""


def pack_arrays(**arrays: Array) -> bytes:
    """Write arrays, none of them of objects, as an npz."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack_arrays(data: bytes) -> dict[str, Array]:
    """Read an npz. Raises `ValueError` for anything that needs pickle."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def pack_columns(columns: Columns) -> bytes:
    """Write typed columns as an npz; a category becomes int32 codes (-1 for missing) and its distinct values, sorted.

    >>> columns = {"city": objects(["York", None]), "age": np.array([36.0, 40.0])}
    >>> unpack_columns(pack_columns(columns))["city"].tolist()
    ['York', None]
    """
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
    return pack_arrays(**arrays)


def unpack_columns(data: bytes) -> dict[str, Array]:
    """Read the columns that `pack_columns` wrote."""
    arrays = unpack_arrays(data)
    for name in [name.removesuffix(VALUES) for name in arrays if name.endswith(VALUES)]:
        values = objects([*json.loads(arrays.pop(name + VALUES).tobytes()), None])
        arrays[name] = np.asarray(values[arrays[name]])
    return arrays


def fit_to(definition: Definition, columns: Columns) -> dict[str, Array]:
    """Choose the columns that callers send for a definition; one that is absent is missing in every row."""
    rows = len(next(iter(columns.values())))
    return {
        name: columns[name] if name in columns else missing(definition.columns[name].kind, rows)
        for name in definition.inputs
    }
