"""What the preprocessing layer promises for any input: pure, row by row, one meaning, and no surprises raised."""

import copy
import math
from decimal import Decimal
from math import inf, nan
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preprocessing import (
    Array,
    Columns,
    Definition,
    DefinitionError,
    Problem,
    encode,
    objects,
    parse_definition,
    prepare,
    present,
    rows_to_columns,
    rows_to_lists,
)
from preprocessing.decode import _numbers
from preprocessing.values import MISSING_MARKS, number_of
from refrain.fast_path.features import MIN_ROWS_BY_COLUMN, RequestFeatures

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
    },
    "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
}
DEFINITION = parse_definition("any", DOCUMENT, "any.toml")
VOCABULARIES = {"colour": ("blue", "red")}
STRICT = parse_definition(
    "any",
    {
        **DOCUMENT,
        "source": {"decimal": ","},
        "columns": DOCUMENT["columns"]
        | {
            "amount": {"type": "number", "max": 10, "required": True},
            "size": {"type": "category", "allowed": ["S", "M"], "required": True},
            "member": {"type": "boolean", "required": True},
            "joined": {"type": "time", "format": "%d.%m.%Y", "max": "2026-01-31", "required": True},
        },
    },
    "any.toml",
)

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


usual = {
    "amount": st.sampled_from([1, 2.5, "3", "4,5", 0.1]),
    "colour": st.sampled_from(["blue", "red", "ROT", " Green ", None]),
    "size": st.sampled_from(["S", "M", " M"]),
    "member": st.booleans(),
    "joined": st.sampled_from(["31.01.2020", "2026-01-30T12:00:00+02:00", 0, 86400.5]),
}
odd = st.one_of(
    cells, st.sampled_from([10, 10.5, 1e6, 2e6, -2, -1e30, "999", "?", "XL", "green", "2026-01-31", "01.02.2026", 0.0])
)  # fmt: skip
ordinary = st.fixed_dictionaries(usual)
with_one_odd_cell = st.builds(
    lambda row, name, value: row | {name: value}, ordinary, st.sampled_from(sorted(usual)), odd
)
without_a_cell = st.builds(
    lambda row, name: {key: row[key] for key in row if key != name}, ordinary, st.sampled_from(sorted(usual))
)
a_row = ordinary | with_one_odd_cell | without_a_cell
few_rows = st.lists(a_row, min_size=1, max_size=3)
plain = st.builds(lambda row, amount: row | {"amount": amount}, ordinary, st.sampled_from([1, 2.5, 0.1, -0.0, 7]))
with_an_odd_number = st.builds(
    lambda row, amount: row | {"amount": amount},
    plain,
    st.sampled_from([999, -2, -1e30, 1e6, 2e6, 1e39, -1e39, 10**400, nan, inf, True, None, "7", [7]]),
)
several_rows = st.builds(
    lambda many, one, place: [*many[:place], *one, *many[place:]],
    st.lists(ordinary, min_size=MIN_ROWS_BY_COLUMN, max_size=MIN_ROWS_BY_COLUMN + 3)
    | st.lists(plain, min_size=MIN_ROWS_BY_COLUMN, max_size=MIN_ROWS_BY_COLUMN),
    st.lists(a_row | with_an_odd_number, max_size=1),
    st.integers(0, MIN_ROWS_BY_COLUMN),
)
usual_tables = few_rows | several_rows


USUAL = {"amount": 1, "colour": "ROT", "size": " M", "member": True, "joined": "31.01.2020"}

numbers_with_an_odd_one = with_an_odd_number.map(
    lambda row: [each | {"joined": 86400.5} for each in ([USUAL] * MIN_ROWS_BY_COLUMN + [row])]
)


@example([USUAL | {"amount": 10}], STRICT)
@example([USUAL | {"amount": -1e30}], STRICT)
@example([USUAL | {"joined": "2026-01-31"}], STRICT)
@example([USUAL | {"joined": "01.02.2026"}], STRICT)
@given(numbers_with_an_odd_one | usual_tables, st.sampled_from([DEFINITION, STRICT]))
@settings(max_examples=700)
def test_rows_read_as_lists_are_what_arrays_are_bit_for_bit(rows: list[dict[str, Any]], definition: Definition) -> None:
    vocabularies = VOCABULARIES | {"size": ("M", "S")}
    names = definition.inputs
    columns, problems = prepare(definition, rows_to_columns(rows, names), len(rows), columns=names)

    lists = RequestFeatures(definition, vocabularies)
    read = lists.prepare(rows_to_lists(rows, names), len(rows))

    assert (read is None) == bool(problems)
    if read is not None:
        assert {name: [repr(value) for value in array.tolist()] for name, array in columns.items()} == {
            name: [repr(value.item() if isinstance(value, np.datetime64) else value) for value in values]
            for name, values in read.items()
        }
        assert lists.encode(read).tobytes() == encode(definition, vocabularies, columns).tobytes()
        assert lists.encode(read).shape == (len(rows), len(definition.features))


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
    marks = MISSING_MARKS | {"999"}
    fast = _numbers(objects(values), marks, ".")

    if fast is not None:
        slow = [number_of(value, marks, ".") for value in values]
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
