"""Texts that describe items (title, artist): sent with the interactions, or alone as `<model>/items/<any name>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing import parse_definition

if TYPE_CHECKING:
    from preprocessing import Definition, RecommenderDefinition


def definition_of_items(definition: RecommenderDefinition) -> Definition:
    """Make the definition that reads a file of items: the item, and the columns that describe it."""
    roles, document = definition.roles, definition.document
    columns: Any = document["columns"]
    source: Any = document.get("source", {})
    plain = {name: {k: v for k, v in columns[name].items() if k != "role"} for name in (roles.item, *roles.describe)}
    rename = {name: column for name, column in source.get("rename", {}).items() if column in plain}
    return parse_definition(
        definition.model,
        {
            "task": "classification",
            "target": roles.item,
            "source": {**source, "rename": rename},
            "columns": plain if roles.describe else plain | {"-": {"type": "category"}},
            "training": {"candidates": [{"name": "none", "estimator": "sklearn.dummy.DummyClassifier"}]},
        },
        f"items of {definition.model}",
    )
