"""What describes items (title, artist): sent with the interactions, or by itself as `<model>/items/<any name>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing import parse_definition

if TYPE_CHECKING:
    from preprocessing import Definition


def definition_of_items(definition: Definition) -> Definition:
    """Make the definition that a file of items is read by: the item, and what describes it."""
    roles = definition.roles
    assert roles is not None, "only items of recommendations are described"
    document = definition.document
    given: Any = document["columns"]
    plain = {name: {k: v for k, v in given[name].items() if k != "role"} for name in (roles.item, *roles.describe)}
    source: Any = document.get("source", {})
    rename = {name: to for name, to in source.get("rename", {}).items() if to in plain}
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
