"""Typed columns as numpy's own `.npz` without pickle, in blocks of rows: written as rows come, read column by column.

Functions that have Arrow and pandas write them. Those that train, evaluate and monitor have neither, and need numpy
alone. A category is int32 codes (-1 for missing) and the distinct values of each block.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING
from zipfile import ZipFile

import numpy as np

from preprocessing import Array, Columns, Definition, missing, objects

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BLOCK_CELLS = 4_000_000
"""A block holds so many cells at most: what is read and written at once."""


class PackedFile:
    """Writes columns to a file (by default one without a name), in the same blocks whatever pieces the rows come in."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self.file = TemporaryFile() if file is None else file  # noqa: SIM115 - it lives as long as this does
        self._zip = ZipFile(self.file, "w")
        self._pieces: list[Columns] = []
        self._waiting = 0
        self._blocks: list[int] = []

    def add(self, columns: Columns) -> None:
        """Write rows; they wait in memory until a block is full. All pieces have the same columns."""
        self._pieces.append(columns)
        self._waiting += _count_rows(columns)
        size = max(1, MAX_BLOCK_CELLS // len(columns))
        if self._waiting < size:
            return
        rows = self._take_waiting()
        whole = _count_rows(rows) // size * size
        for start in range(0, whole, size):
            self._write_block({name: array[start : start + size] for name, array in rows.items()})
        self._pieces = [{name: array[whole:].copy() for name, array in rows.items()}]
        self._waiting = _count_rows(self._pieces[0])

    def finish(self) -> None:
        """Write what waits, and the names of the columns, last."""
        rows = self._take_waiting()
        if _count_rows(rows) or not self._blocks:
            self._write_block(rows)
        self._write("columns", _json_array(list(rows)))
        self._write("blocks", np.array(self._blocks, np.int64))
        self._zip.close()

    def _take_waiting(self) -> dict[str, Array]:
        pieces, self._pieces = self._pieces, []
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def _write_block(self, columns: Columns) -> None:
        block = len(self._blocks)
        self._blocks.append(_count_rows(columns))
        for index, array in enumerate(columns.values()):
            if array.dtype != object:
                self._write(f"{index}-{block}", array)
                continue
            texts = array.tolist()
            codes: dict[str | None, int] = {None: -1}
            codes |= {text: code for code, text in enumerate(dict.fromkeys(text for text in texts if text is not None))}
            self._write(f"{index}-{block}", np.fromiter(map(codes.__getitem__, texts), np.int32, len(texts)))
            self._write(f"{index}-{block}-values", _json_array(list(codes)[1:]))

    def _write(self, name: str, array: Array) -> None:
        with self._zip.open(f"{name}.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array(member, array, allow_pickle=False)


class PackedColumns(Mapping[str, Array]):
    """The columns of a `PackedFile`. One is read whenever it is asked for, and not kept: memory holds few at once."""

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        self._arrays = np.load(file, allow_pickle=False)
        self._indexes = {name: index for index, name in enumerate(_from_json_array(self._arrays["columns"]))}
        self._blocks = len(self._arrays["blocks"])

    def __getitem__(self, name: str) -> Array:
        """Read a column. Raises `KeyError`."""
        texts: dict[str, str] = {}  # equal texts of all blocks become one object
        members = [f"{self._indexes[name]}-{block}" for block in range(self._blocks)]
        blocks = [self._read(member, texts) for member in members]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a column, without reading it."""
        return name in self._indexes

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the columns, in their order."""
        return iter(self._indexes)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self._indexes)

    def in_blocks(self) -> Iterator[dict[str, Array]]:
        """Read all columns of some rows at a time, in their order: memory holds one block."""
        for block in range(self._blocks):
            yield {name: self._read(f"{index}-{block}", {}) for name, index in self._indexes.items()}

    def _read(self, member: str, texts: dict[str, str]) -> Array:
        array: Array = self._arrays[member]
        if f"{member}-values" not in self._arrays:
            return array
        values = [texts.setdefault(text, text) for text in _from_json_array(self._arrays[f"{member}-values"])]
        return np.asarray(objects([*values, None])[array])


class LazyColumns(Mapping[str, Array]):
    """Columns that are made of others, one at a time, whenever one is asked for."""

    def __init__(self, names: Iterable[str], read: Callable[[str], Array]) -> None:
        self._names, self._read = tuple(names), read

    def __getitem__(self, name: str) -> Array:
        """Make a column. Raises `KeyError`."""
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a column, without making it."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the columns, in their order."""
        return iter(self._names)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self._names)


def join_rows(*parts: Columns) -> LazyColumns:
    """Return the rows of several parts, one after the other."""
    return LazyColumns(parts[0], lambda name: np.concatenate([part[name] for part in parts]))


def select_rows(columns: Columns, rows: Array) -> LazyColumns:
    """Return some of the rows, by a mask or by their indexes."""
    return LazyColumns(columns, lambda name: columns[name][rows])


def pack_columns(columns: Columns) -> bytes:
    """Write few columns in memory.

    >>> columns = {"city": objects(["York", None]), "age": np.array([36.0, 40.0])}
    >>> unpack_columns(pack_columns(columns))["city"].tolist()
    ['York', None]
    """
    packed = PackedFile(io.BytesIO())
    packed.add(columns)
    packed.finish()
    packed.file.seek(0)
    return packed.file.read()


def unpack_columns(data: bytes) -> dict[str, Array]:
    """Read the columns that `pack_columns` wrote."""
    return dict(PackedColumns(io.BytesIO(data)))


def pack_arrays(**arrays: Array) -> bytes:
    """Write arrays, none of them of objects, as an npz."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def compress_arrays(**arrays: Array) -> bytes:
    """Write arrays, none of them of objects, as a compressed npz: smaller, and slower to read."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack_arrays(data: bytes) -> dict[str, Array]:
    """Read an npz. Raises `ValueError` for anything that needs pickle."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def fit_to(definition: Definition, columns: Columns) -> dict[str, Array]:
    """Choose the columns that callers send for a definition; one that is absent is missing in every row."""
    rows = _count_rows(columns)
    return {
        name: columns[name] if name in columns else missing(definition.columns[name].kind, rows)
        for name in definition.inputs
    }


def _count_rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _json_array(texts: Sequence[str | None]) -> Array:
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def _from_json_array(array: Array) -> list[str]:
    texts: list[str] = json.loads(array.tobytes())
    return texts
