"""A definition fits a model where it has its columns, of its types, and reads its categories as they are."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import Definition, parse_definition
from refrain.errors import CannotImport
from refrain.importing.version_definition import choose_features
from tests.unit.importing.elsewhere import fitted, people, pipeline

TABLE = people()
SOURCE = fitted(pipeline(TABLE))


def changed(**columns: dict[str, Any]) -> Definition:
    """Change columns of the table's definition."""
    document: dict[str, Any] = dict(TABLE.definition.document)
    return parse_definition("people", {**document, "columns": {**document["columns"], **columns}}, "people.toml")


def test_the_columns_of_the_model_are_the_only_features() -> None:
    definition = changed(spare={"type": "number"}, age={"type": "number", "role": "ignore"})

    assert choose_features(definition, SOURCE).features == ("age", "city", "income", "grade")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"city": {"type": "category", "lower": True}}, "the model knows 'New York', which is 'new york'"),
        ({"city": {"type": "category", "missing": ["York"]}}, "the model knows 'York', which is missing"),
        ({"city": {"type": "category", "replace": {"York": "Paris"}}}, "the model knows 'York', which is 'Paris'"),
        ({"age": {"type": "category"}}, "age is a category in the definition of people, and the model takes a number"),
    ],
)
def test_a_definition_that_reads_otherwise_is_refused(columns: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CannotImport, match=sentence):
        choose_features(changed(**columns), SOURCE)


def test_categories_that_the_definition_does_not_allow_never_arrive() -> None:
    assert choose_features(changed(city={"type": "category", "allowed": ["York"]}), SOURCE)
