"""Decode, clean and encode values as lists: the parsers, rules and codes are those of the preprocessing layer.

The layer's columns suit text files. For a request of one row, numpy's calls would take most of the time, and its values
are typed already. So everything that does not depend on the rows is prepared once for a version. A column that holds
only texts known from training, or only plain numbers within limits, is read in one loop; any other value is parsed by
itself.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cells import Invalid
from preprocessing.clean import as_time, clean_text
from preprocessing.columns import NAT
from preprocessing.derive import days, derive
from preprocessing.encode import UNSEEN, codes_of, is_coded
from preprocessing.joined_times import join_times
from preprocessing.number_values import LARGEST, MAX_EXACT
from preprocessing.texts import count_words, measure_texts
from preprocessing.time_values import EARLIEST, LATEST
from preprocessing.values import parser_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from preprocessing.columns import Array, Lists
    from preprocessing.definition import Column, Definition
    from preprocessing.encode import Vocabularies

    type ReadValue = Callable[[object], Any]
    type ReadColumn = Callable[[Sequence[object]], list[Any]]
    type MakeFeature = Callable[[Lists], Array]

_DTYPES = {"time": "datetime64[us]", "number": "float64", "boolean": "float64", "category": "object"}

MIN_ROWS_BY_COLUMN = 8
"""From so many rows on, it pays to look at a whole column first."""

_PLAIN_NUMBERS = frozenset({int, float})


class RequestFeatures:
    """Reads and encodes rows by a definition and the vocabularies of a version."""

    def __init__(self, definition: Definition, vocabularies: Vocabularies) -> None:
        schema = definition.columns
        self._definition = definition
        self._readers: list[tuple[str, ReadValue, dict[str | None, Any], ReadColumn]] = []
        for name in definition.inputs:
            read = _value_reader(schema[name], required=name in definition.required)
            texts = _read_vocabulary(read, vocabularies.get(name, ())) if schema[name].kind == "category" else {}
            self._readers.append((name, read, texts, _column_reader(schema[name], read, texts)))
        makers = {name: _days(name) for name in definition.inputs if schema[name].kind == "time"}
        codes = {
            name: {text: float(code) for text, code in codes_of(vocabularies.get(name, ())).items()}
            for name in definition.inputs
            if is_coded(schema[name])
        }
        makers |= {name: _length(name) for name in definition.texts}
        sources = dict.fromkeys(source for derived in definition.derived for source in derived.sources)
        self._sources = [(name, _DTYPES[schema[name].kind]) for name in sources if name in schema]
        self._encoders = [(name, codes.get(name), makers.get(name)) for name in definition.features]

    def prepare(self, raw: Lists, rows: int) -> dict[str, list[Any]] | None:
        """Decode and clean the definition's inputs; an absent column is missing.

        None if any value cannot be used: `preprocessing.prepare` says which one, and why.
        """
        absent = (None,) * rows
        if self._definition.parts:
            raw = join_times(self._definition, raw, rows)
        try:
            if rows >= MIN_ROWS_BY_COLUMN:
                return {name: read_column(raw.get(name, absent)) for name, _, _, read_column in self._readers}
            return {
                name: [
                    texts[value] if type(value) is str and value in texts else read(value)
                    for value in raw.get(name, absent)
                ]
                for name, read, texts, _ in self._readers
            }
        except Invalid:
            return None

    def encode(self, columns: Lists) -> Array:
        """Make the matrix, float32 [rows, width], from what `prepare` returned."""
        if self._sources:
            arrays = {name: np.array(columns[name], dtype) for name, dtype in self._sources}
            derived: Mapping[str, Any] = derive(self._definition.derived, arrays)
            columns = {**columns, **derived}
        features = [
            make(columns)
            if make
            else columns[name]
            if codes is None
            else [codes.get(text, UNSEEN) for text in columns[name]]
            for name, codes, make in self._encoders
        ]
        if self._definition.texts:
            return self._with_words(columns, features)
        if len(features[0]) == 1:  # as in most requests
            return np.array([feature[0] for feature in features], dtype=np.float32).reshape(1, -1)
        matrix = np.empty((len(features[0]), len(features)), dtype=np.float32)
        for column, feature in enumerate(features):
            matrix[:, column] = feature
        return matrix

    def _with_words(self, columns: Lists, features: Sequence[Any]) -> Array:
        matrix = np.zeros((len(features[0]), self._definition.matrix_width), dtype=np.float32)
        for column, feature in enumerate(features):
            matrix[:, column] = feature
        for name in self._definition.texts:
            count_words(columns[name], matrix[:, self._definition.matrix_columns[name][1] :])
        return matrix


def _value_reader(column: Column, *, required: bool) -> ReadValue:
    """Return the reader of one value; it raises `Invalid` for a value that cannot be used."""
    parse, marks = parser_of(column), column.marks.numbers
    plain = _PLAIN_NUMBERS if column.kind == "number" else frozenset()
    missing = {"category": None, "time": NAT}.get(column.kind, nan)
    least, most = _bounds(column)

    def read(value: Any) -> Any:
        if type(value) in plain and least <= value <= most and value not in marks:
            return float(value)
        parsed: Any = parse(value)
        if parsed is None and not required:
            return missing
        if parsed is None or not least <= parsed <= most:
            raise Invalid
        return parsed

    def read_text(value: object) -> str | None:
        parsed: Any = parse(value)
        if parsed is None and not required:
            return None
        text = None if parsed is None else clean_text(column, parsed)
        if text is None or (column.allowed and text not in column.allowed):
            raise Invalid
        return text

    return read_text if column.kind == "category" else read


def _bounds(column: Column) -> tuple[Any, Any]:
    """Return the least and the greatest number, or time, that the column takes."""
    if column.kind == "time":
        least = EARLIEST if column.least is None else column.least
        return as_time(least), as_time(LATEST if column.most is None else column.most)
    limit = MAX_EXACT - 1 if column.numbers.exact else LARGEST
    least = -limit if column.least is None else max(column.least, -limit)
    return least, limit if column.most is None else min(column.most, limit)


def _read_vocabulary(read: ReadValue, vocabulary: Sequence[str]) -> dict[str | None, Any]:
    """Read the texts of training and a missing one once for all, since most requests hold nothing else."""
    texts: dict[str | None, Any] = {}
    for text in (None, *vocabulary):
        try:
            texts[text] = read(text)
        except Invalid:  # a text that the definition now refuses stays refused
            continue
    return texts


def _column_reader(column: Column, read: ReadValue, texts: dict[str | None, Any]) -> ReadColumn:
    """Return the reader of a whole column: one loop where its values allow it, else value by value."""

    def read_singly(values: Sequence[object]) -> list[Any]:
        return [texts[value] if type(value) is str and value in texts else read(value) for value in values]

    def read_texts(values: Sequence[Any]) -> list[Any]:
        try:
            return list(map(texts.__getitem__, values))
        except (KeyError, TypeError):  # a text unknown in training, or a value that is not text
            return read_singly(values)

    least, most = _bounds(column)
    marks = column.marks.numbers

    def read_numbers(values: Sequence[Any]) -> list[Any]:
        if set(map(type, values)) <= _PLAIN_NUMBERS:
            try:
                numbers = list(map(float, values))
            except OverflowError:
                return read_singly(values)
            # The sum is finite only if all numbers are, and only then can min and max be trusted.
            within = isfinite(sum(numbers)) and least <= min(numbers) and max(numbers) <= most
            if within and (not marks or marks.isdisjoint(numbers)):
                return numbers
        return read_singly(values)

    return {"category": read_texts, "number": read_numbers}.get(column.kind, read_singly)


def _length(name: str) -> MakeFeature:
    return lambda columns: np.array(measure_texts(columns[name]))


def _days(name: str) -> MakeFeature:
    return lambda columns: days(np.array(columns[name], _DTYPES["time"]))
