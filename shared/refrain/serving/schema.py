"""What a model takes and gives, as JSON Schema (2020-12): for people in the listing, for tools in the description."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from preprocessing import Column
    from refrain.serving.registry import Sound
    from refrain.serving.servable import Servable

TYPES = {"number": "number", "boolean": "boolean", "time": "string", "category": "string"}
MOST_EXAMPLES = 10


def instance_schema(sound: Sound) -> dict[str, Any]:
    """Describe one instance, with the version's own example."""
    definition = sound.servable.definition
    columns = {
        name: _column(definition.columns[name], sound.servable, required=name in definition.required)
        for name in definition.inputs
    }
    return {
        "type": "object",
        "properties": columns,
        "required": [name for name in definition.inputs if name in definition.required],
        "minProperties": 1,
        "additionalProperties": True,
        "examples": [dict(sound.example)],
    }


def prediction_schema(servable: Servable) -> dict[str, Any]:
    """Describe one prediction."""
    properties: dict[str, Any] = {
        "unfamiliar": {
            "type": "array",
            "items": {"enum": list(servable.definition.features)},
            "description": "Features unlike the training data: outside its range, missing where it never was, unseen.",
        }
    }
    if servable.classes is None:
        return _object({"value": {"type": "number"}}, properties)
    share = {"type": "number", "minimum": 0, "maximum": 1}
    shares = _object(dict.fromkeys(servable.classes, share), {})
    return _object({"label": {"enum": list(servable.classes)}, "probabilities": shares}, properties)


def _object(required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": required | optional, "required": list(required)}


def _column(column: Column, servable: Servable, *, required: bool) -> dict[str, Any]:
    """A column that is not required takes null. Text is taken for numbers too; a schema is better strict."""
    schema: dict[str, Any] = {"type": [TYPES[column.kind], *([] if required else ["null"])]}
    if column.kind == "number":
        schema |= {key: at for key, at in (("minimum", column.least), ("maximum", column.most)) if at is not None}
    elif column.kind == "time":
        bounds = [f"{word} {_time(at)}" for word, at in (("from", column.least), ("to", column.most)) if at is not None]
        schema |= {"format": "date-time"} | ({"description": " ".join(bounds)} if bounds else {})
    elif column.allowed and not column.lower and not column.replace:
        schema["enum"] = [*column.allowed, *([] if required else [None])]
    elif column.kind == "category":
        known = list(column.allowed) or list(servable.vocabularies.get(column.name, ()))
        schema |= {"examples": known[:MOST_EXAMPLES]} if known else {}
    return schema


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
