"""The three verbs on lists, as requests bring them: the same parsers, rules and codes.

numpy pays for columns of text files; what it costs for each call is most of a prediction of one row, and requests bring
values that are typed already. So what does not depend on the rows is made ready once for a version. A column of nothing
but texts that training knew, or of nothing but plain numbers within bounds, is read in one loop; every other value is
parsed by itself. Contract tests hold this way and that of arrays together, bit for bit.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.clean import as_time, clean_text
from preprocessing.columns import NAT
from preprocessing.derive import MAKERS, days
from preprocessing.encode import UNSEEN, codes_of, finite
from preprocessing.values import (
    EARLIEST,
    LARGEST,
    LATEST,
    MISSING_MARKS,
    Invalid,
    boolean_of,
    category_of,
    number_of,
    numeric_marks,
    time_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from preprocessing.columns import Array, Lists
    from preprocessing.definition import Column, Definition, Derived
    from preprocessing.encode import Vocabularies

    type Read = Callable[[object], Any]
    type ReadAll = Callable[[Sequence[object]], list[Any]]
    type Make = Callable[[Lists], Array]

_DTYPES = {"time": "datetime64[us]", "number": "float64"}


MIN_ROWS_BY_COLUMN = 8
"""From so many rows on, looking at a whole column first pays."""

_PLAIN_NUMBERS = frozenset({int, float})


class RequestFeatures:
    """The way of a definition and its vocabularies, for as many rows as a request holds."""

    def __init__(self, definition: Definition, vocabularies: Vocabularies) -> None:
        schema, decimal = definition.columns, definition.source.decimal
        self._reads: list[tuple[str, Read, dict[str | None, Any], ReadAll]] = []
        for name in definition.inputs:
            read = _reader(schema[name], decimal, required=name in definition.required)
            known = _known(read, vocabularies.get(name, ())) if schema[name].kind == "category" else {}
            self._reads.append((name, read, known, _column_reader(schema[name], read, known)))
        made = {derived.name: _derived(derived, schema) for derived in definition.derived}
        made |= {name: _days(name) for name in definition.inputs if schema[name].kind == "time"}
        codes = {
            name: {text: float(code) for text, code in codes_of(vocabularies.get(name, ())).items()}
            for name in definition.inputs
            if schema[name].kind == "category"
        }
        self._encodes = [(name, codes.get(name), made.get(name)) for name in definition.features]

    def prepare(self, raw: Lists, rows: int) -> dict[str, list[Any]] | None:
        """Decode and clean the definition's inputs; a column that is absent is missing.

        None where a single value cannot be used: it is for `preprocessing.prepare` to say which, and why.
        """
        absent = (None,) * rows
        try:
            if rows >= MIN_ROWS_BY_COLUMN:
                return {name: read_all(raw.get(name, absent)) for name, _, _, read_all in self._reads}
            return {
                name: [
                    known[value] if type(value) is str and value in known else read(value)
                    for value in raw.get(name, absent)
                ]
                for name, read, known, _ in self._reads
            }
        except Invalid:
            return None

    def encode(self, columns: Lists) -> Array:
        """Make the feature matrix, float32 [rows, features], of what `prepare` returned."""
        features = [
            make(columns)
            if make
            else columns[name]
            if codes is None
            else [codes.get(text, UNSEEN) for text in columns[name]]
            for name, codes, make in self._encodes
        ]
        if len(features[0]) == 1:  # as most requests have it
            return np.array([feature[0] for feature in features], dtype=np.float32).reshape(1, -1)
        matrix = np.empty((len(features[0]), len(features)), dtype=np.float32)
        for place, feature in enumerate(features):
            matrix[:, place] = feature
        return matrix


def _reader(column: Column, decimal: str, *, required: bool) -> Read:
    """Make the way of one value to a clean one; it raises `Invalid` for one that cannot be used."""
    marks = MISSING_MARKS | column.missing
    if column.kind == "category":
        return _texts(column, marks, required=required)
    if column.kind == "time":
        return _times(column, marks, required=required)
    if column.kind == "boolean":
        return _truths(marks, required=required)
    return _numbers(column, marks, decimal, required=required)


def _bounds(column: Column) -> tuple[float, float]:
    """What is a number at all, and the column's own bounds."""
    least = -LARGEST if column.least is None else max(column.least, -LARGEST)
    return least, LARGEST if column.most is None else min(column.most, LARGEST)


def _numbers(column: Column, marks: frozenset[str], decimal: str, *, required: bool) -> Read:
    least, most = _bounds(column)
    numeric = numeric_marks(marks)

    def read(value: Any) -> float:
        if type(value) in _PLAIN_NUMBERS and least <= value <= most and value not in numeric:
            return float(value)
        number = number_of(value, marks, decimal)
        if number is None and not required:
            return nan
        if number is None or not least <= number <= most:
            raise Invalid
        return number

    return read


def _truths(marks: frozenset[str], *, required: bool) -> Read:
    def read(value: object) -> float:
        truth = boolean_of(value, marks)
        if truth is None and required:
            raise Invalid
        return nan if truth is None else truth

    return read


def _times(column: Column, marks: frozenset[str], *, required: bool) -> Read:
    least = as_time(EARLIEST if column.least is None else column.least)
    most = as_time(LATEST if column.most is None else column.most)

    def read(value: object) -> np.datetime64:
        time = time_of(value, marks, column.format)
        if time is None and not required:
            return NAT
        if time is None or not least <= time <= most:
            raise Invalid
        return time

    return read


def _texts(column: Column, marks: frozenset[str], *, required: bool) -> Read:
    def read(value: object) -> str | None:
        text = category_of(value, marks)
        if text is None and not required:
            return None
        settled = None if text is None else clean_text(column, text)
        if settled is None or (column.allowed and settled not in column.allowed):
            raise Invalid
        return settled

    return read


def _known(read: Read, vocabulary: Sequence[str]) -> dict[str | None, Any]:
    """Read the texts that training knew, and a missing one, since most requests hold nothing else."""
    known: dict[str | None, Any] = {}
    for text in (None, *vocabulary):
        try:
            known[text] = read(text)
        except Invalid:  # a definition that refuses what it learned goes on refusing it
            continue
    return known


def _column_reader(column: Column, read: Read, known: dict[str | None, Any]) -> ReadAll:
    """Make the way of a whole column: one loop where its values allow it, else value by value."""

    def each(values: Sequence[object]) -> list[Any]:
        return [known[value] if type(value) is str and value in known else read(value) for value in values]

    def texts(values: Sequence[Any]) -> list[Any]:
        try:
            return list(map(known.__getitem__, values))
        except (KeyError, TypeError):  # a text that training did not know, or no text at all
            return each(values)

    least, most = _bounds(column)
    marks = numeric_marks(MISSING_MARKS | column.missing)

    def numbers(values: Sequence[Any]) -> list[Any]:
        if set(map(type, values)) <= _PLAIN_NUMBERS:
            try:
                found = list(map(float, values))
            except OverflowError:
                return each(values)
            # The sum is finite only where all are, and only then are least and greatest what they seem.
            within = isfinite(sum(found)) and least <= min(found) and max(found) <= most
            if within and (not marks or marks.isdisjoint(found)):
                return found
        return each(values)

    return {"category": texts, "number": numbers}.get(column.kind, each)


def _days(name: str) -> Make:
    return lambda columns: days(np.array(columns[name], _DTYPES["time"]))


def _derived(derived: Derived, schema: Mapping[str, Column]) -> Make:
    make = MAKERS[derived.make].make
    sources = [(name, _DTYPES[schema[name].kind]) for name in derived.sources]

    def encode(columns: Lists) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return finite(make(*(np.array(columns[name], dtype) for name, dtype in sources)))

    return encode
