"""The one matrix and its vocabularies."""

from typing import Any

import numpy as np

from preprocessing import Definition, encode, learn_vocabularies, objects, parse_definition, prepare, rows_to_columns
from tests.unit.preprocessing.conftest import document


def test_the_matrix_has_every_feature_in_order_and_codes_for_categories() -> None:
    content = document(derived={"hour": {"from": "joined", "make": "hour"}})
    definition = parse_definition("shop", content, "shop.toml")
    rows: list[dict[str, Any]] = [
        {"amount": 5, "colour": "red", "member": True, "joined": "1970-01-02T06:00:00Z"},
        {"colour": "mauve"},
        {},
    ]
    columns, _ = prepare(definition, rows_to_columns(rows, definition.inputs), 3, columns=definition.inputs)

    matrix = encode(definition, {"colour": ("blue", "red")}, columns)

    assert definition.features == ("amount", "colour", "member", "joined", "hour")
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(
        matrix, [[5, 3, 1, 1.25, 6], [np.nan, 1, np.nan, np.nan, np.nan], [np.nan, 0, np.nan, np.nan, np.nan]]
    )


def test_vocabularies_know_what_is_seen_often_enough(definition: Definition) -> None:
    colours = objects(["red"] * 5 + ["blue"] * 6 + ["mauve"] * 4 + [None] * 9)

    assert learn_vocabularies(definition, {"colour": colours}) == {"colour": ("blue", "red")}


def test_of_too_many_categories_the_most_frequent_are_known(definition: Definition) -> None:
    values = [f"c{i:04d}" for i in range(1100) for _ in range(5 + (i >= 1000))]

    known = learn_vocabularies(definition, {"colour": objects(values)})["colour"]

    assert len(known) == 1000
    assert set(known) >= {f"c{i:04d}" for i in range(1000, 1100)}


def test_hours_days_and_months_are_those_of_the_zone_of_their_column() -> None:
    content = document(
        derived={name: {"make": name, "from": "joined"} for name in ("hour", "weekday", "month", "days")}
    )
    content["columns"]["joined"]["zone"] = "America/New_York"
    local = parse_definition("shop", content, "shop.toml")
    raw = {"joined": objects(["2026-01-01T02:30:00Z", "2026-07-01T02:30:00Z", None])}

    matrix = encode(local, {}, prepare(local, raw, 3, columns=local.inputs)[0])

    names = list(local.features)
    assert matrix[:, names.index("hour")].tolist()[:2] == [21, 22]  # in winter and in summer
    assert matrix[:, names.index("weekday")].tolist()[:2] == [2, 1]
    assert matrix[:, names.index("month")].tolist()[:2] == [12, 6]
    assert np.isnan(matrix[2, names.index("hour")])
