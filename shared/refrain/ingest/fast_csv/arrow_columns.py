"""Whole columns of text to typed and clean Arrow columns, and which rows are good.

The layer says what a value means, here too: categories and truths are given to it once for each distinct text, numbers
and times wherever they are not in a form that Arrow surely reads as the layer does; and its rules are applied by its
own `clean`. So this is a faster way to what `prepare` makes of the same cells (property tests hold them together).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preprocessing import clean, decode, objects, prepare
from preprocessing.values import MISSING_MARKS
from refrain.ingest.curated import TYPES, array_of
from refrain.ingest.fast_csv.arrow_parsers import plain_numbers, plain_times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Column, Definition

    Mask = NDArray[np.bool_]

CODED = ("category", "boolean")
"""Kinds whose cells come as a dictionary of texts."""

MANY = 1_000
"""Distinct categories from which most of them had better be looked at together."""

_TIDY = r"^[!-~]+(?: [!-~]+)*$"
"""ASCII, with single spaces inside: as a category this is itself, if no mark."""


def typed(definition: Definition, cells: Mapping[str, Any], rows: int) -> tuple[dict[str, Any], Mask]:
    """Type all columns of a definition.

    `cells` are Arrow arrays of text without nulls, or dictionaries of such, where `CODED`. Returns Arrow arrays, and
    which rows have no problem in any of them. What the other rows hold is undefined.
    """
    good = np.ones(rows, bool)
    columns: dict[str, Any] = {}
    for name, column in definition.columns.items():
        if name not in cells:
            good &= name not in definition.required
            columns[name] = pa.nulls(rows, TYPES[column.kind])
        elif column.kind in CODED:
            columns[name] = _coded(definition, column, cells[name], good)
        else:
            columns[name] = _parsed(definition, column, cells[name], good)
    return columns, good


def _parsed(definition: Definition, column: Column, cells: Any, good: Mask) -> Any:
    marks = MISSING_MARKS | column.missing
    values: Array
    if column.kind == "number":
        values, odd = plain_numbers(cells, marks, definition.source.decimal)
    else:
        values, odd = plain_times(cells, marks, column.format)
    if len(odd):
        texts = objects(cells.take(pa.array(odd)).to_pylist())
        found, problems = decode(definition, {column.name: texts}, len(odd), columns=[column.name])
        values[odd] = found[column.name]
        good[odd[[problem.row for problem in problems]]] = False
    cleaned, problems = clean(definition, {column.name: values})
    good[[problem.row for problem in problems]] = False
    return array_of(cleaned[column.name], column.kind)


def _coded(definition: Definition, column: Column, cells: Any, good: Mask) -> Any:
    """Type the distinct texts, and give each row its own."""
    texts, codes = cells.dictionary, cells.indices
    odd = _untidy(column, texts)
    given = objects(texts.take(pa.array(odd)).to_pylist())
    found, problems = prepare(definition, {column.name: given}, len(odd), columns=[column.name])
    if problems:
        refused = np.zeros(len(texts), bool)
        refused[odd[[problem.row for problem in problems]]] = True
        good &= ~refused[codes.to_numpy()]
    if column.kind == "boolean":
        return array_of(found[column.name], column.kind).take(codes)
    settled = objects(texts.to_pylist()) if len(odd) < len(texts) else np.empty(len(texts), object)
    settled[odd] = found[column.name]
    coded = array_of(settled, column.kind)
    return pa.DictionaryArray.from_arrays(coded.indices.take(codes), coded.dictionary)


def _untidy(column: Column, texts: Any) -> NDArray[np.int64]:
    """Find the texts that need to be looked at one by one: all, unless they are many that stay as they are."""
    if len(texts) <= MANY or column.kind != "category" or column.lower or column.replace or column.allowed:
        return np.arange(len(texts))
    marked = pc.is_in(pc.ascii_lower(texts), pa.array(MISSING_MARKS | column.missing, pa.string()))
    tidy = pc.and_not(pc.match_substring_regex(texts, _TIDY), marked)
    return np.flatnonzero(~np.asarray(tidy.to_numpy(zero_copy_only=False)))
