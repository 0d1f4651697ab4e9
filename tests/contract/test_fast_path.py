"""The fast path gives what the plain way gives: the same features, answers, captured rows and problems."""

from __future__ import annotations

import json
from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import (
    Columns,
    Definition,
    encode,
    parse_definition,
    prepare,
    present,
    rows_to_columns,
    rows_to_lists,
)
from refrain.conformal import answer_errors
from refrain.fast_path.answer_json import AnswerWriter, write_answer
from refrain.fast_path.captured_rows import RowWriter
from refrain.fast_path.features import MIN_ROWS_BY_COLUMN, RequestFeatures
from refrain.lake.capture.lines import prediction_lines
from refrain.lake.capture.record import Record
from refrain.model.familiarity import Familiarity
from refrain.model.tabular import TabularModel
from refrain.unfamiliar import Combination, Unfamiliar
from tests.contract.test_preprocessing_contract import DOCUMENT, cells
from tests.stored import make_manifest

type Row = dict[str, Any]

SIZES = [1, MIN_ROWS_BY_COLUMN - 1, MIN_ROWS_BY_COLUMN, 32, 1000]
VOCABULARIES = {"colour": ("blue", "red", 'a "5 %" tint'), "size": ("M", "S")}

required = {"required": st.booleans()}
bounds = {"min": st.sampled_from([-1e6, -1, 0]), "max": st.sampled_from([10, 1e6]), "missing": st.just([999])}
texts = {"lower": st.booleans(), "replace": st.just({"rot": "red"}), "missing": st.just(["-"])}
times = {
    "min": st.just("1900-01-01"),
    "max": st.just("2026-01-31"),
    "format": st.just("%d.%m.%Y"),
    "zone": st.just("Europe/Zurich"),
}
allowed = {"allowed": st.just(["S", "M"])}


def column(kind: str, options: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=required | options)


definitions = st.builds(
    lambda decimal, amount, colour, size, member, joined: parse_definition(
        "any",
        DOCUMENT
        | {
            "source": {"missing": ["?"], "decimal": decimal},
            "columns": {
                "label": {"type": "category"},
                "amount": amount,
                "colour": colour,
                "size": size,
                "member": member,
                "joined": joined,
            },
        },
        "any.toml",
    ),
    st.sampled_from([".", ","]),
    column("number", bounds),
    column("category", texts),
    column("category", allowed),
    column("boolean", {}),
    column("time", times),
)
usual = {
    "amount": st.sampled_from([1, 2.5, 0.1, -0.0, 7]) | st.sampled_from([1, 2, "3", "4,5", None]),
    "colour": st.sampled_from(["blue", "red", "ROT", " Green ", 'a "5 %" tint', None]),
    "size": st.sampled_from(["S", "M", " M"]),
    "member": st.booleans(),
    "joined": st.sampled_from(["31.01.2020", "2026-01-30T12:00:00+02:00", 0, 86400.5]),
}
odd_numbers: list[Any] = [999, -2, -1e30, 10, 10.5, 1e6, 2e6, 1e39, -1e39, 10**400, float("nan"), float("inf"), True]
odd_texts: list[Any] = ["999", "?", "-", "XL", "green", "2026-01-31", "01.02.2026", "7", [7], None, 0.0]
odd_cells = st.one_of(
    st.tuples(st.just("amount"), st.sampled_from([999, -2, float("nan")]) | st.sampled_from(odd_numbers)),
    st.tuples(st.sampled_from(sorted(usual)), st.sampled_from(odd_texts)),
    st.tuples(st.sampled_from(sorted(usual)), cells),
)
usual_rows = st.lists(st.fixed_dictionaries(usual) | st.fixed_dictionaries({}, optional=usual), min_size=1, max_size=4)


def plain_columns(definition: Definition, rows: list[Row]) -> tuple[Columns, list[Any]]:
    names = definition.inputs
    return prepare(definition, rows_to_columns(rows, names), len(rows), columns=names)


@st.composite
def tables(draw: st.DrawFn, size: int) -> tuple[Definition, list[Row]]:
    """A definition and rows that it can use, but perhaps for one."""
    definition = draw(definitions)
    usable = [row for row in draw(usual_rows) if not plain_columns(definition, [row])[1]]
    rows = list(islice(cycle(usable or [{}]), size))
    if draw(st.booleans()):
        index = draw(st.integers(0, size - 1))
        rows[index] = rows[index] | dict([draw(odd_cells)])
    return definition, rows


def examples(size: int) -> int:
    return 40 if size > 100 else 300


def as_json(value: object) -> str:
    """Tell 7 from 7.0, which are equal."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("size", SIZES)
def test_features_are_the_same_bit_for_bit(size: int) -> None:
    @settings(max_examples=examples(size), deadline=None)
    @given(tables(size))
    def check(table: tuple[Definition, list[Row]]) -> None:
        definition, rows = table
        columns, problems = plain_columns(definition, rows)
        features = RequestFeatures(definition, VOCABULARIES)

        lists = features.prepare(rows_to_lists(rows, definition.inputs), size)

        assert (lists is None) == bool(problems)
        if lists is not None:
            assert {name: [repr(value) for value in column.tolist()] for name, column in columns.items()} == {
                name: [repr(value.item() if isinstance(value, np.datetime64) else value) for value in values]
                for name, values in lists.items()
            }
            matrix = features.encode(lists)
            assert matrix.shape == (size, len(definition.features))
            assert matrix.tobytes() == encode(definition, VOCABULARIES, columns).tobytes()

    check()


@pytest.mark.parametrize("size", SIZES)
def test_values_that_cannot_be_used_get_the_same_problems(size: int) -> None:
    @settings(max_examples=examples(size), deadline=None)
    @given(tables(size))
    def check(table: tuple[Definition, list[Row]]) -> None:
        definition, rows = table
        manifest = make_manifest(definition, vocabularies=VOCABULARIES, classes=["a", "b"])
        model = TabularModel(manifest, definition, None, Familiarity.of(None, definition.features))

        _, problems = model.prepare(rows)

        assert repr(problems) == repr(plain_columns(definition, rows)[1])

    check()


@pytest.mark.parametrize("size", SIZES)
def test_captured_rows_are_those_that_the_layer_presents(size: int) -> None:
    @settings(max_examples=examples(size), deadline=None)
    @given(tables(size))
    def check(table: tuple[Definition, list[Row]]) -> None:
        definition, rows = table
        columns, _ = plain_columns(definition, rows)
        lists = RequestFeatures(definition, VOCABULARIES).prepare(rows_to_lists(rows, definition.inputs), size)
        ids = [f"a-{row:03d}" for row in range(size)]
        expected = [
            {"id": ids[row], "instance": present(columns, definition.columns, row), "answer": [0.25, 0.75]}
            for row in range(size)
        ]
        for values in (columns, lists or columns):
            record = Record(
                model="any",
                version="v1",
                classes=("a", "b"),
                write_rows=RowWriter(definition.columns, definition.inputs, VOCABULARIES).rows,
                ids=ids,
                columns=values,
                identity={},
                answers=["0.25,0.75"] * size,
                unfamiliar=[[]] * size,
                milliseconds=1.0,
            )
            captured = [row for line in prediction_lines(record) for row in json.loads(line)["rows"]]
            assert as_json(captured) == as_json(expected)

    check()


class_names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=4, unique=True
)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


def uncertainty(prediction: Row, bound: float) -> Row:
    """What an answer says of its uncertainty, by the errors as evaluation and monitoring compute them."""
    if "value" in prediction:
        ends = (prediction["value"] - bound, prediction["value"] + bound)
        return {"interval": [float(f"{end:.10g}") for end in ends]}
    shares = prediction["probabilities"]
    answers = np.array([list(shares.values())] * len(shares))
    errors = answer_errors(np.arange(len(shares)), answers)
    return {
        "set": [
            label for label, error in zip(shares, errors, strict=True) if error <= bound or label == prediction["label"]
        ]
    }


@pytest.mark.parametrize("size", SIZES)
def test_answers_are_those_of_json(size: int) -> None:
    @settings(max_examples=examples(size), deadline=None)
    @given(st.none() | class_names, st.lists(floats, min_size=4, max_size=16), st.booleans(), st.data())
    def check(classes: list[str] | None, numbers: list[float], is_challenger: bool, data: st.DataObject) -> None:
        width = len(classes) if classes else 1
        scores = list(islice(cycle(numbers), size * width))
        names = data.draw(st.lists(st.text(max_size=4), max_size=2))
        unfamiliar: Unfamiliar = Combination(tuple(names)) if data.draw(st.booleans()) else names
        version = "v2" if is_challenger else ""
        label = classes[-1] if classes else None
        writer, ids = AnswerWriter(classes), [f"a-{row:03d}" for row in range(size)]

        bound = data.draw(st.none() | st.floats(0, 2))

        texts = writer.numbers(scores)
        told = ["" if bound is None else writer.uncertainty(row, label, bound) for row in texts]
        rows = [
            writer.prediction(row, label, unfamiliar, version, uncertainty)
            for row, uncertainty in zip(texts, told, strict=True)
        ]
        answer = json.loads(write_answer(rows, 'a "model"', "v1", ids, names))

        rounded = [float(f"{score:.7g}") for score in scores]
        key = "unfamiliar_combination" if isinstance(unfamiliar, Combination) else "unfamiliar"
        notes: Row = ({key: names} if unfamiliar else {}) | ({"version": version} if version else {})
        predictions = [
            notes | ({"label": label, "probabilities": dict(zip(classes, values, strict=True))} if classes else {})
            for values in zip(*[iter(rounded)] * width, strict=True)
        ]
        if not classes:
            predictions = [notes | {"value": value} for value in rounded]
        if bound is not None:
            predictions = [prediction | uncertainty(prediction, bound) for prediction in predictions]
        assert answer == {
            "predictions": predictions,
            "model": 'a "model"',
            "model_version": "v1",
            "prediction_ids": ids,
        } | ({"ignored": names} if names else {})

    check()
