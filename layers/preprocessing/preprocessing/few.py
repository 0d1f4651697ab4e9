"""The three verbs for few rows: the same parsers, rules and codes, value by value on lists.

What numpy costs for each call, whatever the number of rows, is most of a prediction of one row. So what does not depend
on the rows is made ready once for a version. Contract tests hold this way and that of columns together, bit for bit.
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.clean import as_time, settle
from preprocessing.columns import NAT
from preprocessing.derive import MAKERS, days
from preprocessing.encode import UNSEEN, codes_of, finite
from preprocessing.values import (
    EARLIEST,
    LATEST,
    MISSING_MARKS,
    Invalid,
    boolean_of,
    category_of,
    number_of,
    time_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from preprocessing.columns import Array, Lists
    from preprocessing.definition import Column, Definition, Derived
    from preprocessing.encode import Vocabularies

    type Read = Callable[[object], Any]
    type Make = Callable[[Lists], Array]

_DTYPES = {"time": "datetime64[us]", "number": "float64"}


class Few:
    """The way of a definition and its vocabularies; for as few rows that numpy does not pay (some tens)."""

    def __init__(self, definition: Definition, vocabularies: Vocabularies) -> None:
        readers = {
            name: _reader(definition.columns[name], definition.source.decimal, required=name in definition.required)
            for name in definition.inputs
        }
        self._reads = [(name, read, _known(read, vocabularies.get(name, ()))) for name, read in readers.items()]
        made = {derived.name: _derived(derived, definition.columns) for derived in definition.derived}
        kinds = {name: definition.columns[name].kind for name in definition.inputs}
        made |= {name: _days(name) for name, kind in kinds.items() if kind == "time"}
        codes = {name: codes_of(vocabularies.get(name, ())) for name, kind in kinds.items() if kind == "category"}
        self._encodes = [(name, codes.get(name), made.get(name)) for name in definition.features]

    def prepare(self, raw: Lists, rows: int) -> dict[str, list[Any]] | None:
        """Decode and clean the definition's inputs; a column that is absent is missing.

        None where a single value cannot be used: it is for `preprocessing.prepare` to say which, and why.
        """
        absent = (None,) * rows
        try:
            return {
                name: [
                    known[value] if type(value) is str and value in known else read(value)
                    for value in raw.get(name, absent)
                ]
                for name, read, known in self._reads
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
        return np.array(list(zip(*features, strict=True)), dtype=np.float32)


def _reader(column: Column, decimal: str, *, required: bool) -> Read:
    """Make the way of one value to a clean one; it raises `Invalid` for one that cannot be used."""
    marks = MISSING_MARKS | column.missing
    if column.kind == "category":
        return _texts(column, marks, required=required)
    if column.kind == "time":
        return _times(column, marks, required=required)
    least = -inf if column.least is None else column.least
    most = inf if column.most is None else column.most

    def read(value: object) -> float:
        number = boolean_of(value, marks) if column.kind == "boolean" else number_of(value, marks, decimal)
        if number is None and not required:
            return nan
        if number is None or not least <= number <= most:
            raise Invalid
        return number

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
        settled = None if text is None else settle(column, text)
        if settled is None or (column.allowed and settled not in column.allowed):
            raise Invalid
        return settled

    return read


def _known(read: Read, vocabulary: Sequence[str]) -> dict[str, Any]:
    """Read the texts that training knew once and for all, since most requests hold nothing else."""
    known: dict[str, Any] = {}
    for text in vocabulary:
        try:
            known[text] = read(text)
        except Invalid:  # a definition that refuses what it learned goes on refusing it
            continue
    return known


def _days(name: str) -> Make:
    return lambda columns: days(np.array(columns[name], _DTYPES["time"]))


def _derived(derived: Derived, schema: Mapping[str, Column]) -> Make:
    make = MAKERS[derived.make].make
    sources = [(name, _DTYPES[schema[name].kind]) for name in derived.sources]

    def encode(columns: Lists) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return finite(make(*(np.array(columns[name], dtype) for name, dtype in sources)))

    return encode
