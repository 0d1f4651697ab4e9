"""The schema for editors and the loader know the same keys, and refuse the same values."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from preprocessing import DefinitionError, parse_definition
from preprocessing.training_section import METRICS
from refrain.drafting.definition_schema import definition_schema

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted([*(ROOT / "layers" / "models").glob("*.toml"), *(ROOT / "examples").glob("*.toml")])
VALIDATOR = Draft7Validator(definition_schema())


def document_of(path: Path) -> dict[str, Any]:
    """A definition as editors see it: TOML's dates are texts in JSON."""
    document: dict[str, Any] = json.loads(json.dumps(tomllib.loads(path.read_text()), default=str))
    return document


DOCUMENTS = [document_of(path) for path in EXAMPLES]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value inside a document."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, item in items for place in places(item, (*path, name)))]


def loads(document: dict[str, Any]) -> bool:
    try:
        parse_definition("model", copy.deepcopy(document), "model.toml")
    except DefinitionError:
        return False
    return True


def replaced(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    changed: Any = copy.deepcopy(document)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed  # type: ignore[no-any-return]


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(definition_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document_of(path))] == []


WRONG = st.sampled_from([True, -1, 10.5, "no such value!", [], ["no such value!"], {}, {"no such key!": 1}, [[1]]])


@given(data=st.data())
def test_what_the_schema_refuses_the_loader_refuses(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(DOCUMENTS))
    path = data.draw(st.sampled_from(places(document)[1:]))
    changed = replaced(document, path, data.draw(WRONG))

    if not VALIDATOR.is_valid(changed):
        assert not loads(changed)


@pytest.mark.parametrize("document", DOCUMENTS, ids=[path.name for path in EXAMPLES])
def test_an_unknown_key_is_refused_by_both(document: dict[str, Any]) -> None:
    for path in places(document):
        inner: Any = document
        for name in path:
            inner = inner[name]
        parameters = "candidates" in path
        names = path and path[-1] in ("columns", "derived", "rename", "replace", "cost")
        if not isinstance(inner, dict) or parameters or names or "replace" in path[-1:]:
            continue
        changed = replaced(document, (*path, "no such key!"), 1)
        assert not VALIDATOR.is_valid(changed), path
        assert not loads(changed), path


def keys_of(schema: Any) -> set[str]:
    """All names of properties in a schema, at any depth."""
    items = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = (
        set(schema["properties"]) if isinstance(schema, dict) and isinstance(schema.get("properties"), dict) else set()
    )
    return own.union(*map(keys_of, items))


@pytest.mark.parametrize("task", METRICS)
def test_every_key_that_the_loader_names_is_in_the_schema(task: str) -> None:
    base = next(document for document in DOCUMENTS if document["task"] == task)
    sections = ("source", "training", "gate", "rollout", "serving", "retraining", "monitoring", "checks")
    for path in [(), *((section,) for section in sections), ("columns", next(iter(base["columns"])))]:
        wrong = replaced({**{section: {} for section in sections}, **base}, (*path, "no such key!"), 1)
        with pytest.raises(DefinitionError) as refusal:
            parse_definition("model", wrong, "model.toml")
        known = refusal.value.expected.partition("the keys here are ")[2].split(", ")
        assert known != [""]
        assert set(known) <= keys_of(definition_schema())


VALUES: list[tuple[str, object, object]] = [
    ("source.delimiter", ";", ";;"),
    ("source.decimal", ",", "comma"),
    ("source.skip", 1, -1),
    ("source.missing", ["?", 999], "?"),
    ("source.rename", {"a": "cnt"}, {"a": 1}),
    ("columns.temp.min", -2.0, "low"),
    ("columns.holiday.type", "number", "flag"),
    ("columns.temp.thousands", ",", ";"),
    ("columns.dteday.format", ["%Y-%m-%d"], 5),
    ("columns.temp.required", True, "yes"),
    ("training.holdout", 0.5, 1.5),
    ("training.window", "365d", "a year"),
    ("training.metric", "r2", "roc_auc"),
    ("training.split", "upload", "random"),
    ("training.min_rows", 10, 9),
    ("training.candidates", [{"name": "ridge", "estimator": "sklearn.linear_model.Ridge", "alpha": 2}], []),
    ("gate.confidence", 0.8, 0.2),
    ("rollout.mode", "immediate", "blue"),
    ("serving.coverage", 0.8, 1),
    ("retraining.every", "daily", "yearly"),
    ("monitoring.alarm", [1, 2], [1]),
    ("monitoring.capture", 0.5, 2),
    ("checks.ignore", ["copies", "leaking_column:temp"], ["nothing"]),
]


@pytest.mark.parametrize(("key", "right", "wrong"), VALUES, ids=[key for key, _, _ in VALUES])
def test_both_accept_a_right_value_and_refuse_a_wrong_one(key: str, right: object, wrong: object) -> None:
    base = next(document for document in DOCUMENTS if document["target"] == "cnt")
    path = tuple(key.split("."))
    for value, is_valid in ((right, True), (wrong, False)):
        changed = replaced(
            {"rollout": {}, "serving": {}, "monitoring": {}, "checks": {}, "source": {}, **base}, path, value
        )
        assert VALIDATOR.is_valid(changed) is is_valid
        assert loads(changed) is is_valid
