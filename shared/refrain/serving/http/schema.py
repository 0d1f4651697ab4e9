"""What a model takes and gives, as JSON Schema (2020-12): for people in the listing, for tools in the description."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refrain.model.loading import is_recommender
from refrain.recommendation.limits import MAX_NAMED_ITEMS, MAX_RECOMMENDED_ITEMS
from refrain.recommendation.recommendation_request import DEFAULT_ITEMS

if TYPE_CHECKING:
    from preprocessing import Column
    from refrain.model.loading import LoadedVersion
    from refrain.model.recommendation import RecommenderModel
    from refrain.model.tabular import TabularModel

TYPES = {"number": "number", "boolean": "boolean", "time": "string", "category": "string"}
MAX_EXAMPLES = 10


def instance_schema(sound: LoadedVersion) -> dict[str, Any]:
    """Describe one instance, with the version's own example."""
    servable = sound.model
    definition = servable.definition
    if is_recommender(servable):
        return ask_schema(sound)
    columns = {
        name: _column(definition.columns[name], servable, required=name in definition.required)
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


def ask_schema(sound: LoadedVersion) -> dict[str, Any]:
    """Describe what a recommender is asked."""
    items = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_NAMED_ITEMS}
    properties: dict[str, Any] = {
        "user": {"type": "string", "description": "For whom; this user's history is known from the uploads"},
        "history": items | {"description": "Items, the newest last, instead of the user's known history"},
        "k": {"type": "integer", "minimum": 1, "maximum": MAX_RECOMMENDED_ITEMS, "default": DEFAULT_ITEMS},
        "exclude": items | {"description": "Never these"},
        "exclude_seen": {"type": "boolean", "default": True, "description": "Nothing of the history either"},
        "within": items | {"description": "Only among these"},
    }
    return {
        "type": "object",
        "properties": properties,
        "anyOf": [{"required": ["user"]}, {"required": ["history"]}],
        "additionalProperties": True,
        "examples": [dict(sound.example)],
    }


def recommendation_schema(servable: RecommenderModel) -> dict[str, Any]:
    """Describe one list of recommendations."""
    item = _object(
        {"id": {"type": "string"}, "score": {"type": "number"}},
        {name: {"type": "string"} for name in servable.catalogue.described},
    )
    lists = {"items": {"type": "array", "items": item, "description": "The best first"}}
    popular = {"const": True, "description": "Nothing was known of the user, so these are the most popular items"}
    history = {"const": "unavailable", "description": "The user's history could not be looked up"}
    return _object(lists, {"popular": popular, "history": history})


def prediction_schema(servable: TabularModel | RecommenderModel) -> dict[str, Any]:
    """Describe one prediction."""
    if is_recommender(servable):
        return recommendation_schema(servable)
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


def _column(column: Column, servable: TabularModel, *, required: bool) -> dict[str, Any]:
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
        schema |= {"examples": known[:MAX_EXAMPLES]} if known else {}
    return schema


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
