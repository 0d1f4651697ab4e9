"""A recommendation has roles of columns in place of a target."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import DefinitionError, RecommenderDefinition, Roles, parse_definition
from tests.unit.recommendation.conftest import COLUMNS, document

USER = {"type": "category", "role": "user"}


def test_each_column_of_a_recommender_has_its_role() -> None:
    definition = parse_definition("radio", document(), "radio.toml")

    assert isinstance(definition, RecommenderDefinition)
    assert definition.roles == Roles(user="who", item="song", weight="seconds", describe=("title",))
    assert (definition.time, definition.training.split, definition.training.metric) == ("at", "time", "ndcg@10")
    assert (definition.features, definition.target, definition.predicted_column) == ((), "", "song")
    assert definition.required == {"who", "song", "seconds", "at"}


def test_without_a_time_the_split_is_by_hash() -> None:
    columns = {name: column for name, column in COLUMNS.items() if name in ("who", "song")}

    definition = parse_definition("radio", document(columns=columns), "radio.toml")

    assert (definition.time, definition.training.split) == ("", "hash")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {"who": USER}}, 'columns: expected one with role = "item", since the task is recommendation'),
        ({"columns": COLUMNS | {"other": USER}}, "columns.other.role: column who has the role user already"),
        (
            {"columns": COLUMNS | {"seconds": {"type": "category", "role": "weight"}}},
            "columns.seconds.type: expected number, since the role is weight",
        ),
        (
            {"columns": COLUMNS | {"other": {"type": "number", "role": "feature"}}},
            "columns.other.role: expected one of ignore, user, item, time, weight, describe, got 'feature'",
        ),
        ({"target": "song"}, "target: a recommender has no target: expected roles of the columns instead"),
        (
            {"derived": {"hour": {"from": "at", "make": "hour"}}},
            "derived: a recommender has no features: expected none",
        ),
        ({"rollout": {"mode": "canary"}}, "rollout.mode: expected immediate: a recommender cannot be tried as canary"),
        (
            {"training": document()["training"] | {"group": "who"}},
            "training.group: a recommender is split by user: expected no group",
        ),
        (
            {"training": {"candidates": [{"name": "a", "estimator": "sklearn.linear_model.Ridge"}]}},
            "training.candidates[0].estimator: expected the dotted name of a recommender, such as "
            "refrain.recommenders.Ease, got 'sklearn.linear_model.Ridge'",
        ),
        ({"recommendation": {"explore": 0.5}}, "recommendation.explore: expected a number from 0 to 0.2, got 0.5"),
        (
            {"recommendation": {"explore": 0.1}, "monitoring": {"capture": 0}},
            "recommendation.explore: expected 0, since monitoring.capture is 0: only captured lists can be judged",
        ),
    ],
)
def test_an_impossible_recommender_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_definition("radio", document(**changes), "radio.toml")

    assert str(refused.value) == f"radio.toml: {message}"


def test_lists_explore_where_the_definition_says_so() -> None:
    plain, exploring = (
        parse_definition("radio", document(recommendation=section), "radio.toml") for section in ({}, {"explore": 0.05})
    )

    assert isinstance(plain, RecommenderDefinition) and isinstance(exploring, RecommenderDefinition)
    assert (plain.recommending.explore, exploring.recommending.explore) == (0.0, 0.05)


def test_other_tasks_recommend_nothing() -> None:
    candidates = [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]
    columns = {"age": {"type": "number"}, "paid": {"type": "category"}}
    content: dict[str, Any] = {
        "task": "classification",
        "target": "paid",
        "columns": columns,
        "recommendation": {"explore": 0.1},
    }
    content |= {"training": {"candidates": candidates}, "recommendation": {"explore": 0.1}}

    with pytest.raises(DefinitionError, match=r"recommendation\.explore: expected 0, since the task is classification"):
        parse_definition("radio", content, "radio.toml")


def test_other_tasks_have_no_roles_of_recommenders() -> None:
    content = document(task="classification", target="song")

    with pytest.raises(DefinitionError, match=r"columns.who.role: expected one of feature, ignore, got 'user'"):
        parse_definition("radio", content, "radio.toml")
