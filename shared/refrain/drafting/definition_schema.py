"""The JSON Schema of definitions, for editors: made of the tables by which the loader reads them.

It says which keys stand where, and which values each may have. What several keys have to do with one another, such as
a target that is a column, only the loader checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.column_section import COLUMN, column_keys, column_roles
from preprocessing.data_section import DERIVED
from preprocessing.decision_section import DECISION
from preprocessing.definition_reader import KEYS, RULES
from preprocessing.rules_section import CHECKS, GATE, MONITORING, RECOMMENDATION, RETRAINING, ROLLOUT, SERVING
from preprocessing.source_section import SOURCE
from preprocessing.tables import Key, choice
from preprocessing.training_section import METRICS, candidate_keys, training_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.definition import Task


DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that editors of TOML know."""

SECTION_KEYS: dict[str, Mapping[str, Key]] = {
    "source": SOURCE,
    "decision": DECISION,
    "gate": GATE,
    "rollout": ROLLOUT,
    "serving": SERVING,
    "retraining": RETRAINING,
    "monitoring": MONITORING,
    "checks": CHECKS,
    "recommendation": RECOMMENDATION,
}
"""The sections whose keys are the same for all tasks."""


def definition_schema() -> dict[str, Any]:
    """Make the schema."""
    sections = {name: _table(keys) for name, keys in SECTION_KEYS.items()}
    properties = {
        **_properties(KEYS),
        **{name: sections.get(name, {"type": "object"}) for name in ("source", "columns", "derived", *RULES)},
        "derived": {"type": "object", "additionalProperties": _table(DERIVED)},
    }
    return {
        "$schema": DIALECT,
        "title": "The definition of a model of Refrain",
        "type": "object",
        "required": ["task", "columns", "training"],
        "properties": properties,
        "additionalProperties": False,
        "allOf": [_where("task", task, {"properties": _of_task(task)}) for task in METRICS],
    }


def _of_task(task: Task) -> dict[str, Any]:
    candidate = {**_table(candidate_keys(task)), "additionalProperties": True}
    candidates = {"type": "array", "minItems": 1, "items": candidate, "description": "the estimators to train"}
    training = _table(training_keys(task, "hash"))
    return {
        "columns": {"type": "object", "minProperties": 1, "additionalProperties": _column(task)},
        "training": {
            **training,
            "required": ["candidates"],
            "properties": {**training["properties"], "candidates": candidates},
        },
        "derived": {"maxProperties": 0} if task == "recommendation" else {},
    }


def _column(task: Task) -> dict[str, Any]:
    role = choice(column_roles(task), "ignore")
    kinds = {kind: column_keys(kind, role) for kind in COLUMN}
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": choice(tuple(COLUMN)).schema},
        "allOf": [_where("type", kind, _table(keys)) for kind, keys in kinds.items()],
    }


def _where(name: str, value: str, then: Mapping[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {name: {"const": value}}, "required": [name]}, "then": then}


def _table(keys: Mapping[str, Key]) -> dict[str, Any]:
    required = [name for name, key in keys.items() if key.required]
    table = {"type": "object", "properties": _properties(keys), "additionalProperties": False}
    return {**table, "required": required} if required else table


def _properties(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {name: {**key.schema, "description": key.expected} for name, key in keys.items()}
