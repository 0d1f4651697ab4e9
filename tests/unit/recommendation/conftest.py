"""A small music service."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import RecommenderDefinition, parse_definition

COLUMNS = {
    "who": {"type": "category", "role": "user"},
    "song": {"type": "category", "role": "item", "lower": True},
    "at": {"type": "time", "role": "time"},
    "seconds": {"type": "number", "role": "weight"},
    "title": {"type": "category", "role": "describe"},
}


def document(**changes: Any) -> dict[str, Any]:
    """The definition as a mapping, with changes at its top."""
    candidates = [{"name": "ease", "estimator": "refrain.recommenders.Ease"}]
    return {"task": "recommendation", "columns": COLUMNS, "training": {"candidates": candidates}} | changes


@pytest.fixture
def definition() -> RecommenderDefinition:
    """The definition of the service."""
    parsed = parse_definition("radio", document(), "radio.toml")
    assert isinstance(parsed, RecommenderDefinition)
    return parsed
