"""Golden rows that may be made of somebody's row go, those of all others stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from preprocessing import prepare, rows_to_columns
from refrain.forgetting.forgotten_golden import forget_golden
from refrain.lake.version import Golden
from refrain.training.golden import golden_rows
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from preprocessing import Columns

OWN: dict[str, Any] = {**tiny.ADA, "age": 119, "hours": 3.25, "income": ">50K"}
OTHERS: list[dict[str, Any]] = [
    {
        "age": 20 + row,
        "hours": 30 + row,
        "city": ("London", "Paris")[row % 2],
        "sex": ("female", "male")[row // 2 % 2],
        "member": row % 3 == 0,
        "joined": f"2001-02-{row + 1:02d}T08:00:00Z",
        "income": "<=50K",
    }
    for row in range(20)
]


@pytest.fixture(scope="module")
def people() -> tiny.Model:
    return tiny.people(60)


def typed(people: tiny.Model, rows: list[dict[str, Any]]) -> Columns:
    return prepare(people.definition, rows_to_columns(rows, list(people.definition.columns)), len(rows))[0]


def left(people: tiny.Model, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Forget who has the row `OWN`, and return what is left of the golden rows."""
    lake = tiny.Lake()
    manifest = replace(people.files.manifest, model="people")
    Golden(rows, [[0.5, 0.5]] * len(rows)).write(lake, manifest.model, manifest.version)
    forget_golden(lake, manifest, typed(people, [OWN]), typed(people, OTHERS))
    golden = Golden.read(lake, manifest.model, manifest.version)
    assert len(golden.rows) == len(golden.answers)
    return golden.rows


@pytest.mark.parametrize("position", [0, 9, 19])
def test_whatever_training_makes_of_a_row_goes(people: tiny.Model, position: int) -> None:
    rows = [*OTHERS[:position], OWN, *OTHERS[position:]]

    kept = left(people, golden_rows(people.definition, typed(people, rows)))

    assert len(kept) > 10
    assert not any(str(value).strip() in ("119", "119.0", "3.25") for row in kept for value in row.values())


def test_rows_of_others_stay_but_for_those_that_are_much_like_theirs(people: tiny.Model) -> None:
    rows = golden_rows(people.definition, typed(people, OTHERS))

    kept = left(people, rows)

    assert len(kept) >= len(rows) - 1
    assert all(row in rows for row in kept)
