"""Turns whole columns of text into typed and clean Arrow columns, and finds the usable rows.

The preprocessing layer decides what a value means, here too. It reads each distinct text of a category or boolean once,
and each number or time that Arrow might read otherwise; and its own `clean` applies the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preprocessing import clean, decode, objects, prepare
from refrain.ingest.curated import TYPES, array_of
from refrain.ingest.fast_csv.arrow_parsers import read_numbers, read_times, without_spaces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Column, Definition

    Mask = NDArray[np.bool_]

DICTIONARY_KINDS = ("category", "boolean")
"""Kinds whose cells come as a dictionary of texts."""

MAX_SINGLE_TEXTS = 1_000
"""With more distinct texts, one pattern first sorts out those that stay as they are."""

_TIDY = r"^[!-~]+(?: [!-~]+)*$"
"""ASCII with single spaces inside: a category that stays as it is, unless it means missing."""


@dataclass(frozen=True)
class TypedColumns:
    """Arrow arrays, and a mask of the rows without a problem in any of them; all other values are undefined.

    `unplain` names the columns with a number or time in an uncommon form.
    """

    arrays: dict[str, Any]
    usable: Mask
    unplain: set[str]


def typed_columns(definition: Definition, cells: Mapping[str, Any], rows: int) -> TypedColumns:
    """Type all columns of a definition.

    `cells` are Arrow arrays of text without nulls, dictionaries of text for `DICTIONARY_KINDS`, or plain numbers.
    """
    typed = TypedColumns({}, np.ones(rows, bool), set())
    for name, column in definition.columns.items():
        parts = [part for part in column.times.parts if part in cells]
        if parts:
            texts = {part: cells[part] for part in (name, *parts) if part in cells}
            typed.arrays[name] = _joined(definition, column, texts, typed.usable)
        elif name not in cells:
            typed.usable[:] &= name not in definition.required
            typed.arrays[name] = pa.nulls(rows, TYPES[column.kind])
        elif column.kind in DICTIONARY_KINDS:
            typed.arrays[name] = _coded(definition, column, cells[name], typed.usable)
        else:
            typed.arrays[name] = _parsed(definition, column, cells[name], typed)
    return typed


def _parsed(definition: Definition, column: Column, cells: Any, typed: TypedColumns) -> Any:
    values: Array
    cells = without_spaces(cells) if pa.types.is_string(cells.type) else cells
    values, unread = (read_numbers if column.kind == "number" else read_times)(cells, column)
    if len(unread):
        typed.unplain.add(column.name)
        texts = objects(cells.take(pa.array(unread)).to_pylist())
        decoded, problems = decode(definition, {column.name: texts}, len(unread), columns=[column.name])
        values[unread] = decoded[column.name]
        typed.usable[unread[[problem.row for problem in problems]]] = False
    cleaned, problems = clean(definition, {column.name: values})
    typed.usable[[problem.row for problem in problems]] = False
    return array_of(cleaned[column.name], column.kind)


def _joined(definition: Definition, column: Column, parts: Mapping[str, Any], usable: Mask) -> Any:
    """Type a time that is made of several columns."""
    raw = {name: objects(cells.to_pylist()) for name, cells in parts.items()}
    prepared, problems = prepare(definition, raw, len(usable), columns=[column.name])
    usable[[problem.row for problem in problems]] = False
    return array_of(prepared[column.name], column.kind)


def _coded(definition: Definition, column: Column, cells: Any, usable: Mask) -> Any:
    """Type the distinct texts, then look up each row's."""
    texts, codes = pc.ascii_ltrim(cells.dictionary, " "), cells.indices
    unread = _untidy(column, texts)
    raw = objects(texts.take(pa.array(unread)).to_pylist())
    prepared, problems = prepare(definition, {column.name: raw}, len(unread), columns=[column.name])
    if problems:
        refused = np.zeros(len(texts), bool)
        refused[unread[[problem.row for problem in problems]]] = True
        usable &= ~refused[codes.to_numpy()]
    if column.kind == "boolean":
        return array_of(prepared[column.name], column.kind).take(codes)
    if len(unread):
        mask = np.zeros(len(texts), bool)
        mask[unread] = True
        read = pa.array(prepared[column.name], pa.string(), from_pandas=True)
        texts = pc.replace_with_mask(texts, pa.array(mask), read)
    coded = texts.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.take(codes), coded.dictionary)


def _untidy(column: Column, texts: Any) -> NDArray[np.int64]:
    """Find the texts to read one by one: all of them, or, of many, those that may not stay as they are."""
    is_ruled = column.lower or column.replace or column.allowed or column.whole or column.text
    if len(texts) <= MAX_SINGLE_TEXTS or column.kind != "category" or is_ruled:
        return np.arange(len(texts))
    marked = pc.is_in(pc.ascii_lower(texts), pa.array(column.marks.texts, pa.string()))
    tidy = pc.and_not(pc.match_substring_regex(texts, _TIDY), marked)
    return np.flatnonzero(~np.asarray(tidy.to_numpy(zero_copy_only=False)))
