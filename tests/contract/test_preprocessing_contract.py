"""What the preprocessing layer promises for any input: pure, row by row, one meaning, and no surprises raised."""

import copy
import math
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import (
    Array,
    Columns,
    DefinitionError,
    Problem,
    encode,
    objects,
    parse_definition,
    prepare,
    present,
    rows_to_columns,
)
from preprocessing.decode import _numbers
from preprocessing.values import parser_of

DOCUMENT: dict[str, Any] = {
    "task": "classification",
    "target": "label",
    "source": {"missing": ["?"]},
    "columns": {
        "label": {"type": "category", "allowed": ["a", "b"]},
        "amount": {"type": "number", "min": -1e6, "max": 1e6, "missing": [999]},
        "colour": {"type": "category", "lower": True, "replace": {"rot": "red"}},
        "member": {"type": "boolean"},
        "joined": {"type": "time", "min": "1900-01-01"},
    },
    "derived": {
        "hour": {"from": "joined", "make": "hour"},
        "log": {"from": "amount", "make": "log1p"},
        "double": {"from": ["amount", "amount"], "make": "product"},
        "steps": {"from": "log", "make": "bins", "edges": [0, 1, 5]},
        "far": {"from": ["amount", "member", "hour", "log"], "make": "features.distance"},
    },
    "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
}
DEFINITION = parse_definition("any", DOCUMENT, "any.toml")
VOCABULARIES = {"colour": ("blue", "red")}

numeric_text = st.one_of(
    st.floats().map(str), st.integers().map(str), st.from_regex(r"[ +-]?[0-9]{0,4}[.,_e]?[0-9]{0,3} ?", fullmatch=True)
)
cells = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(max_size=12), numeric_text,
    st.sampled_from(["", "?", "NaN", "null", "inf", "rot", "RED", "yes", "999", "1,5", "2026-01-31T12:00:00+02:00"]),
    st.datetimes(timezones=st.none()), st.dates(), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1), st.datetimes().map(lambda moment: moment.isoformat()),
)  # fmt: skip
row = st.fixed_dictionaries({}, optional=dict.fromkeys(DEFINITION.columns, cells))
tables = st.lists(row, min_size=1, max_size=8)


def raw_of(rows: list[dict[str, Any]]) -> dict[str, Array]:
    return rows_to_columns(rows, list(DEFINITION.columns))


def matrix_of(columns: Columns) -> Any:
    return encode(DEFINITION, VOCABULARIES, columns)


def told(problems: list[Problem]) -> set[tuple[int, str, str]]:
    return {(problem.row, problem.column, problem.reason) for problem in problems}


@given(tables)
def test_nothing_raises_and_the_matrix_is_finite_or_missing(rows: list[dict[str, Any]]) -> None:
    columns, problems = prepare(DEFINITION, raw_of(rows), len(rows))

    matrix = matrix_of(columns)

    assert matrix.shape == (len(rows), len(DEFINITION.features))
    assert not np.isinf(matrix).any()
    assert len({(problem.row, problem.column) for problem in problems}) == len(problems)


@given(tables)
def test_one_row_alone_is_as_it_is_among_many(rows: list[dict[str, Any]]) -> None:
    columns, problems = prepare(DEFINITION, raw_of(rows), len(rows))
    together = matrix_of(columns)

    for place, alone in enumerate(rows):
        own, own_problems = prepare(DEFINITION, raw_of([alone]), 1)
        np.testing.assert_array_equal(matrix_of(own)[0], together[place])
        assert told(own_problems) == {(0, column, why) for at, column, why in told(problems) if at == place}


@given(tables, st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    columns, _ = prepare(DEFINITION, raw_of(rows), len(rows))
    shuffled, _ = prepare(DEFINITION, raw_of([rows[place] for place in order]), len(rows))

    np.testing.assert_array_equal(matrix_of(shuffled), matrix_of(columns)[order])


@given(tables)
def test_the_input_is_left_as_it_was_and_twice_gives_the_same(rows: list[dict[str, Any]]) -> None:
    raw = raw_of(rows)
    before = copy.deepcopy({name: array.tolist() for name, array in raw.items()})
    columns, problems = prepare(DEFINITION, raw, len(rows))
    first = matrix_of(columns).copy()
    again, problems_again = prepare(DEFINITION, raw, len(rows))

    assert repr({name: array.tolist() for name, array in raw.items()}) == repr(before)
    np.testing.assert_array_equal(matrix_of(again), first)
    assert told(problems) == told(problems_again)


@given(tables)
def test_a_clean_row_sent_again_as_json_gives_the_same_features(rows: list[dict[str, Any]]) -> None:
    columns, _ = prepare(DEFINITION, raw_of(rows), len(rows))
    sent = [present(columns, DEFINITION.columns, place) for place in range(len(rows))]

    again, problems = prepare(
        DEFINITION, rows_to_columns(sent, DEFINITION.inputs), len(rows), columns=DEFINITION.inputs
    )

    assert not problems
    np.testing.assert_array_equal(matrix_of(again), matrix_of(columns))


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), numeric_text), min_size=1, max_size=8))
@settings(max_examples=300)
def test_the_fast_way_of_numbers_is_the_slow_way(values: list[Any]) -> None:
    column = DEFINITION.columns["amount"]
    fast = _numbers(objects(values), column)

    if fast is not None:
        slow = [parser_of(column)(value) for value in values]
        np.testing.assert_array_equal(fast, [math.nan if number is None else number for number in slow])


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=6))
def test_numbers_mean_the_same_as_text_as_json_and_as_typed_columns(values: list[float]) -> None:
    forms: list[Array] = [
        np.array(values),
        objects(values),
        objects([repr(value) for value in values]),
        objects([Decimal(repr(value)) for value in values]),
    ]

    decoded = [prepare(DEFINITION, {"amount": form}, len(values), columns=["amount"])[0]["amount"] for form in forms]

    for other in decoded[1:]:
        np.testing.assert_array_equal(other, decoded[0])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*DOCUMENT, "gate", "rollout", "retraining", "monitoring", "key", "time"]), json_values)
def test_any_definition_is_taken_or_refused_in_our_words(place: str, value: Any) -> None:
    try:
        parse_definition("any", {**DOCUMENT, place: value}, "any.toml")
    except DefinitionError as refused:
        assert str(refused).startswith("any.toml")
