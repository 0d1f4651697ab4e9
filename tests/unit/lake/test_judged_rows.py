"""The holdout rows that a version was judged by."""

from __future__ import annotations

import numpy as np

from preprocessing import parse_definition
from refrain.lake.judged_rows import JudgedRows
from tests.stored import RUN, make_manifest
from tests.unit.serving import tiny

PEOPLE = parse_definition("people", tiny.PEOPLE, "people.toml")
TWIN = make_manifest(PEOPLE, vocabularies={"city": ("Bern", "Rome")}, features=("age", "city"), classes=("no", "yes"))
REFIT = make_manifest(
    PEOPLE,
    f"{RUN}-logistic.refit",
    judged=TWIN.version,
    vocabularies={"city": ("Oslo", "Rome")},
    features=("age", "city"),
    classes=("maybe", "no", "yes"),
)
ROWS = JudgedRows(
    matrix=np.array([[1, 0], [2, 1], [3, 2], [np.nan, 3]], np.float32),
    truth=np.array([0, 1, 1, 0]),
    answers=np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.5, 0.5]]),
)


def keep() -> tiny.Lake:
    lake = tiny.Lake()
    TWIN.write(lake, "people", TWIN.version)
    ROWS.write(lake, TWIN)
    return lake


def test_what_is_kept_is_what_is_read() -> None:
    rows = JudgedRows.read(keep(), TWIN)

    assert rows is not None and len(rows) == 4 and rows.times is None
    np.testing.assert_array_equal(rows.matrix, ROWS.matrix)
    assert rows.truth.tolist() == ROWS.truth.tolist()
    assert rows.answers.tolist() == ROWS.answers.tolist()


def test_a_refitted_version_has_those_of_its_twin_in_its_own_codes_and_classes() -> None:
    rows = JudgedRows.read(keep(), REFIT)

    assert rows is not None
    assert rows.matrix[:, 1].tolist() == [0, 1, 1, 3]
    np.testing.assert_array_equal(rows.matrix[:, 0], ROWS.matrix[:, 0])
    assert rows.truth.tolist() == [1, 2, 2, 1]
    assert rows.answers[0].tolist() == [0.0, 0.9, 0.1]


def test_rows_that_are_gone_are_none() -> None:
    assert JudgedRows.read(tiny.Lake(), TWIN) is None
    assert JudgedRows.read(tiny.Lake(), REFIT) is None
