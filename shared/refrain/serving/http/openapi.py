"""The description of this API (OpenAPI 3.1), with schemas for each model in service.

`openapi_base.json` is the part that does not depend on the models; the rest is added to it here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from refrain.serving.http.label_requests import MAX_LABELS
from refrain.serving.http.model_listing import deployed_models
from refrain.serving.http.problems import problem_codes
from refrain.serving.http.refusals import MAX_LISTED_PROBLEMS
from refrain.serving.http.requests import MAX_INSTANCES
from refrain.serving.http.schema import instance_schema, prediction_schema
from refrain.serving.uncertainty import OPTION

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.model.loading import LoadedVersion
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

type Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
PROBLEM: Schema = {"$ref": "#/components/responses/problem"}


def answer_openapi(registry: Registry, _request: HttpRequest) -> Schema:
    """Answer `GET /openapi.json`."""
    description: Schema = json.loads(Path(__file__).with_name("openapi_base.json").read_text(encoding="utf-8"))
    paths, schemas = description["paths"], description["components"]["schemas"]
    schemas["problem"]["properties"]["code"]["enum"] = sorted(problem_codes())
    schemas["problem"]["properties"]["problems"]["maxItems"] = MAX_LISTED_PROBLEMS
    for model in deployed_models(registry):
        version = registry.state(model).champion
        if version is None:
            continue
        paths[f"/v1/models/{model}:predict"] = {"post": _predict(model, version)}
        definition = registry.definition(model)
        if not isinstance(definition, RecommenderDefinition):
            paths[f"/v1/models/{model}:label"] = {"post": _label(model, definition)}
        schemas[f"{model}.instance"] = instance_schema(version)
        schemas[f"{model}.prediction"] = prediction_schema(version.model)
    for operations in paths.values():
        for operation in operations.values():
            operation["responses"] |= {"4XX": PROBLEM, "5XX": PROBLEM}
    return description


def _predict(model: str, version: LoadedVersion) -> Schema:
    definition = version.model.definition
    instances = _list({"$ref": f"#/components/schemas/{model}.instance"}, minItems=1, maxItems=MAX_INSTANCES)
    answer = {
        "predictions": _list({"$ref": f"#/components/schemas/{model}.prediction"}),
        "model": {"const": model},
        "model_version": TEXT,
        "prediction_ids": _list(TEXT),
        "ignored": _list(TEXT, description="Columns that were sent and that this model does not know"),
    }
    fields = {"instances": instances}
    if not isinstance(definition, RecommenderDefinition):
        fields[OPTION] = {"type": "boolean", "description": "Whether answers have an interval or a set of labels"}
    return {
        "operationId": f"predict.{model}",
        "summary": f"Ask {model}",
        "description": f"{definition.task.capitalize()} of {definition.predicted_column}.",
        "tags": ["predict"],
        "requestBody": _body(_object(fields, "instances"), {"instances": [dict(version.example)]}),
        "responses": {"200": _response(_object(answer, *list(answer)[:-1]))},
    }


def _label(model: str, definition: Definition) -> Schema:
    label: Schema = {"description": f"The true value of {definition.target}, as an upload would have it"}
    allowed = definition.columns[definition.target].allowed
    if allowed:
        label["examples"] = list(allowed)
    identity = {"type": "string", "description": "One of the prediction_ids of an answer"}
    entry = _object({"prediction_id": identity, "label": label}, "prediction_id", "label")
    labels = _list(entry, minItems=1, maxItems=MAX_LABELS)
    answer = {"accepted": {"type": "integer"}, "id": {"type": "string", "description": "The same for the same labels"}}
    return {
        "operationId": f"label.{model}",
        "summary": f"Send {model} the true outcomes of predictions",
        "description": "They are kept once this answers. Of several labels for a prediction the last one counts.",
        "tags": ["label"],
        "requestBody": _body(_object({"labels": labels}, "labels")),
        "responses": {"202": _response(_object(answer, "accepted", "id"))},
    }


def _body(schema: Schema, example: Schema | None = None) -> Schema:
    content = {"schema": schema} | ({"example": example} if example else {})
    return {"required": True, "content": {"application/json": content}}


def _response(schema: Schema) -> Schema:
    return {"description": "The answer", "content": {"application/json": {"schema": schema}}}


def _list(items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, **more}


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}
