"""A definition with one column of each kind."""

from typing import Any

import pytest

from preprocessing import Definition, parse_definition


def document(**changes: Any) -> dict[str, Any]:
    """A valid definition as a mapping; top-level keys can be replaced."""
    return {
        "task": "classification",
        "target": "label",
        "columns": {
            "label": {"type": "category"},
            "amount": {"type": "number", "min": 0, "max": 1000},
            "colour": {"type": "category"},
            "member": {"type": "boolean"},
            "joined": {"type": "time"},
        },
        "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
        **changes,
    }


@pytest.fixture
def definition() -> Definition:
    return parse_definition("shop", document(), "shop.toml")
