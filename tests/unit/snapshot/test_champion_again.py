"""Where the champion has learned most of a holdout, its recipe is planned as a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.lake.learned_rows import write_row_hashes
from refrain.lake.recipe_again import AGAIN
from refrain.lake.version import TrainingRows
from refrain.snapshot.champion_again import plan_recipe_again
from refrain.snapshot.frozen_rows import FrozenRows
from refrain.snapshot.rows import RowChoice
from refrain.snapshot.snapshot_kind import SnapshotKind, Split
from tests.stored import RUN, make_manifest, make_snapshot
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.lake.recipe_again import RecipeAgain
    from tests.unit.snapshot.conftest import Define

HASHES = np.arange(100, dtype=np.uint64)
VERSION = f"{RUN}-linear"
RIDGE = {"candidates": [{"name": "ridge", "estimator": "sklearn.linear_model.Ridge", "alpha": 2.0}]}


def champion(lake: tiny.Lake, definition: Definition, learned: int, name: str = "linear", **changes: Any) -> None:
    """Write a version that learned so many of the rows, from the end, where the holdout is."""
    made = make_manifest(definition, VERSION, candidate=name, snapshot=TrainingRows("d1", learned, 0), **changes)
    made.write(lake, "shops", VERSION)
    write_row_hashes(lake, "shops", RUN, HASHES[len(HASHES) - learned :], np.zeros(learned, bool))


def plan(lake: tiny.Lake, definition: Definition, version: str | None = VERSION) -> RecipeAgain | None:
    """Plan for a snapshot whose last 40 rows are held out, three of them rare."""
    holdout = np.arange(100) >= 60
    columns = {"spent": np.arange(100.0), "back": np.where(np.arange(100) % 9 == 0, "yes", "no").astype(object)}
    choice = RowChoice(np.ones(100, bool), {}, 0, 0, 0, 0)
    return plan_recipe_again(
        lake, SnapshotKind(definition), version, FrozenRows(choice, Split(holdout), columns, HASHES, 0, {})
    )


@pytest.mark.parametrize(("learned", "stand_in"), [(0, None), (20, None), (21, "linear"), (100, "linear")])
def test_the_recipe_stands_for_a_champion_that_has_learned_more_than_half_of_the_holdout(
    define: Define, learned: int, stand_in: str | None
) -> None:
    lake, definition = tiny.Lake(), define(task="regression", key=["who"])
    champion(lake, definition, learned)

    again = plan(lake, definition)

    assert (again and again.candidate) == stand_in


def test_a_champion_that_was_fitted_elsewhere_has_no_recipe_to_stand_for_it(define: Define) -> None:
    lake, definition = tiny.Lake(), define(task="regression", key=["who"])
    champion(lake, definition, 100, name="imported")

    again = plan(lake, definition)

    assert again is not None
    assert (again.candidate, again.reason) == (None, "its recipe is not known, since it was fitted elsewhere")


def test_without_a_champion_or_its_manifest_nothing_is_planned(define: Define) -> None:
    definition = define(task="regression", key=["who"])
    assert plan(tiny.Lake(), definition, None) is None
    assert plan(tiny.Lake(), definition) is None


def test_the_judged_twin_is_asked_what_was_learned(define: Define) -> None:
    lake, definition = tiny.Lake(), define(task="regression", key=["who"])
    champion(lake, definition, 0)
    make_manifest(definition, f"{VERSION}.refit", candidate="linear", judged=VERSION).write(
        lake, "shops", f"{VERSION}.refit"
    )

    assert plan(lake, definition, f"{VERSION}.refit") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ["who", "at"]},
        {"key": []},
        {
            "key": ["who"],
            "columns": {
                "who": {"type": "category", "lower": True},
                "spent": {"type": "number"},
                "back": {"type": "category"},
            },
        },
        {
            "key": ["who"],
            "columns": {"who": {"type": "number"}, "spent": {"type": "number"}, "back": {"type": "category"}},
        },
        {"key": ["who"], "group": "at"},
    ],
    ids=["a longer key", "no key", "keys in lower case", "a key of another type", "a group"],
)
def test_where_rows_are_named_in_another_way_the_recipe_stands_for_the_champion(
    define: Define, changes: dict[str, Any]
) -> None:
    lake = tiny.Lake()
    champion(lake, define(task="regression", key=["who"]), 0)
    group = changes.pop("group", "")
    definition = define(
        task="regression", training={"group": group} if group else {}, **({"time": "at"} if group else {}), **changes
    )

    again = plan(lake, definition)

    assert again is not None
    assert again.candidate in ("linear", AGAIN)


def test_bounds_and_roles_change_no_name_of_a_row(define: Define) -> None:
    lake = tiny.Lake()
    columns = {"who": {"type": "category"}, "spent": {"type": "number"}, "back": {"type": "category"}}
    champion(lake, define(task="regression", columns=columns), 0)
    changed = columns | {"back": {"type": "category", "role": "ignore"}, "who": {"type": "category", "required": True}}

    assert plan(lake, define(task="regression", columns=changed)) is None


def test_a_recipe_that_is_no_candidate_is_fitted_by_its_own_features_that_are_columns_today(define: Define) -> None:
    # Given a champion that learned from who, member and an hour
    lake = tiny.Lake()
    own = define(
        task="regression",
        columns={
            name: {"type": kind}
            for name, kind in (
                ("who", "category"),
                ("member", "boolean"),
                ("at", "time"),
                ("gone", "number"),
                ("spent", "number"),
            )
        },
        derived={"hour": {"from": "at", "make": "hour"}, "log": {"from": "gone", "make": "log1p"}},
        training=RIDGE,
    )
    champion(lake, own, 100, "ridge")
    today = define(task="regression", monitoring={"ignore": ["back"]})

    # When the definition has another candidate and other columns
    again = plan(lake, today)

    # Then the recipe is fitted as it was, on the columns that there are
    assert again is not None
    assert (again.champion, again.candidate) == (VERSION, AGAIN)
    snapshot = make_snapshot(today, RUN)
    definition, candidate = type(snapshot)(**{**vars(snapshot), "again": again}).find_candidate(AGAIN)
    assert candidate is not None
    assert (candidate.name, candidate.estimator, candidate.parameters) == (
        AGAIN,
        "sklearn.linear_model.Ridge",
        {"alpha": 2.0},
    )
    assert definition.features == ("at", "who", "member", "hour")
    assert list(definition.columns) == list(today.columns)
    assert definition.training.min_rows == today.training.min_rows


def test_an_equal_candidate_of_another_name_stands_for_the_champion_if_its_features_are_equal(define: Define) -> None:
    lake = tiny.Lake()
    champion(lake, define(task="regression", training=RIDGE), 100, "ridge")
    renamed = {"candidates": [RIDGE["candidates"][0] | {"name": "soft"}]}

    same, more = (
        define(task="regression", training=renamed, **changes)
        for changes in ({}, {"derived": {"hour": {"from": "at", "make": "hour"}}})
    )

    assert [again and again.candidate for again in (plan(lake, same), plan(lake, more))] == ["soft", AGAIN]


def test_a_recipe_without_any_of_its_features_cannot_stand_for_the_champion(define: Define) -> None:
    lake = tiny.Lake()
    champion(
        lake,
        define(task="regression", training=RIDGE, columns={"only": {"type": "number"}, "spent": {"type": "number"}}),
        100,
        "ridge",
    )

    again = plan(lake, define(task="regression"))

    assert again is not None
    assert again.candidate is None
    assert "expected at least one feature" in again.reason


def test_a_champion_of_a_search_is_fitted_again_by_what_was_found(define: Define) -> None:
    lake = tiny.Lake()
    ridge = {"name": "ridge", "estimator": "sklearn.linear_model.Ridge", "search": {"alpha": [1, 2]}}
    definition = define(task="regression", training={"candidates": [ridge]})
    champion(lake, definition, 100, "ridge", chosen={"alpha": 2})

    again = plan(lake, definition)

    assert again is not None
    assert again.candidate == AGAIN
    snapshot = make_snapshot(definition, RUN)
    _, candidate = type(snapshot)(**{**vars(snapshot), "again": again}).find_candidate(AGAIN)
    assert candidate is not None
    assert (candidate.parameters, candidate.search) == ({"alpha": 2}, None)
