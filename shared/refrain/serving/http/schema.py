"""What a model takes and gives, as JSON Schema (2020-12): for people in the listing, for tools in the description."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

from refrain.lake.adapted_bound import Withheld
from refrain.model.loading import is_recommender
from refrain.recommendation.recommendation_request import DEFAULT_ITEMS, MAX_NAMED_ITEMS, MAX_RECOMMENDED_ITEMS

if TYPE_CHECKING:
    from preprocessing import Column
    from refrain.model.loading import LoadedVersion
    from refrain.model.recommendation import RecommenderModel
    from refrain.model.tabular import TabularModel

TYPES = {"number": "number", "boolean": "boolean", "time": "string", "category": "string"}
MAX_EXAMPLES = 10


def instance_schema(version: LoadedVersion) -> dict[str, Any]:
    """Describe one instance, with the version's own example."""
    schema = _request_schema() if is_recommender(version.model) else _row_schema(version.model)
    return {"type": "object"} | schema | {"additionalProperties": True, "examples": [dict(version.example)]}


def prediction_schema(model: TabularModel | RecommenderModel) -> dict[str, Any]:
    """Describe one prediction."""
    return _recommendation_schema(model) if is_recommender(model) else _answer_schema(model)


def _row_schema(model: TabularModel) -> dict[str, Any]:
    definition = model.definition
    needed = [name for name in definition.inputs if name in definition.required]
    columns = {name: _column(definition.columns[name], model, required=name in needed) for name in definition.inputs}
    required = [name for name in needed if name not in definition.parts]
    return {"properties": columns, "required": required, "minProperties": 1}


def _column(column: Column, model: TabularModel, *, required: bool) -> dict[str, Any]:
    """Describe a column; it takes null unless it is required. Numbers may also be sent as text, but need not be."""
    schema: dict[str, Any] = {"type": [TYPES[column.kind], *([] if required else ["null"])]}
    if column.kind == "number":
        limits = (("minimum", column.least), ("maximum", column.most))
        schema |= {key: limit for key, limit in limits if limit is not None}
    elif column.kind == "time":
        limits = (("from", column.least), ("to", column.most))
        words = [f"{word} {_time(limit)}" for word, limit in limits if limit is not None]
        words += [f"(or its parts {', '.join(column.times.parts)})"] if column.times.parts else []
        schema |= {"format": "date-time"} | ({"description": " ".join(words)} if words else {})
    elif column.allowed and not column.lower and not column.replace:
        schema["enum"] = [*column.allowed, *([] if required else [None])]
    elif column.kind == "category":
        texts = list(column.allowed) or list(model.vocabularies.get(column.name, ()))
        schema |= {"examples": texts[:MAX_EXAMPLES]} if texts else {}
    return schema


def _answer_schema(model: TabularModel) -> dict[str, Any]:
    features = {"type": "array", "items": {"enum": list(model.definition.features)}}
    values = "Features unlike the training data: beyond its range, newly missing, or unseen."
    together = "Features whose values are familiar, but not together. The first fits least. Empty in long requests."
    notes = {"unfamiliar": values, "unfamiliar_combination": together}
    answer: dict[str, Any] = {"value": {"type": "number"}}
    uncertainty = {"interval": _interval_or_set({"type": "number"}, "The value lies within, as often as asked", 2)}
    if model.classes is not None:
        share = {"type": "number", "minimum": 0, "maximum": 1}
        probabilities = _object(dict.fromkeys(model.classes, share), {})
        label = {"enum": list(model.classes)}
        answer = {"label": label, "probabilities": probabilities}
        if model.manifest.rule:
            answer["decision"] = label | {"description": "What costs least, by the costs of the definition"}
        uncertainty = {"set": _interval_or_set(label, "The true class is among these, as often as asked", 1)}
    withheld = {"enum": list(get_args(Withheld.__value__)), "description": "Why the uncertainty is null"}
    unfamiliar = {name: features | {"description": text} for name, text in notes.items()}
    return _object(answer, {**uncertainty, "withheld": withheld, **unfamiliar})


def _interval_or_set(item: dict[str, Any], description: str, least: int) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": item, "minItems": least, "description": description}


def _request_schema() -> dict[str, Any]:
    items = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_NAMED_ITEMS}
    properties: dict[str, Any] = {
        "user": {"type": "string", "description": "For whom; this user's history is known from the uploads"},
        "history": items | {"description": "Items, the newest last, instead of the user's known history"},
        "k": {"type": "integer", "minimum": 1, "maximum": MAX_RECOMMENDED_ITEMS, "default": DEFAULT_ITEMS},
        "exclude": items | {"description": "Never these"},
        "exclude_seen": {"type": "boolean", "default": True, "description": "Nothing of the history either"},
        "within": items | {"description": "Only among these"},
    }
    return {"properties": properties, "anyOf": [{"required": ["user"]}, {"required": ["history"]}]}


def _recommendation_schema(model: RecommenderModel) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in model.catalogue.described}
    item = _object({"id": {"type": "string"}, "score": {"type": "number"}}, texts)
    lists = {"items": {"type": "array", "items": item, "description": "The best first"}}
    popular = {"const": True, "description": "Nothing was known of the user, so these are the most popular items"}
    history = {"const": "unavailable", "description": "The user's history could not be looked up"}
    return _object(lists, {"popular": popular, "history": history})


def _object(required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": required | optional, "required": list(required)}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
