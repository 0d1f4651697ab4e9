"""A small music service."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import Definition, parse_definition

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
def definition() -> Definition:
    """The definition of the service."""
    return parse_definition("radio", document(), "radio.toml")
