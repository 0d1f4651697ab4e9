"""The description of this API (OpenAPI 3.1), with a schema of its own for each model that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.serving.http.label_requests import MAX_LABELS
from refrain.serving.http.model_listing import deployed
from refrain.serving.http.problems import CONTENT_TYPE, problem_codes
from refrain.serving.http.refusals import MAX_LISTED_PROBLEMS
from refrain.serving.http.requests import MAX_INSTANCES
from refrain.serving.http.schema import instance_schema, prediction_schema

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.model.loading import LoadedVersion
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

type Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MODEL: Schema = {"name": "model", "in": "path", "required": True, "schema": TEXT, "description": "The model's name"}
VERSION: Schema = {"name": "version", "in": "path", "required": True, "schema": TEXT}
OPEN: Schema = {"security": []}
"""What needs no key."""


def answer_openapi(registry: Registry, _request: HttpRequest) -> Schema:
    """Answer `GET /openapi.json`."""
    sounds = {model: sound for model in deployed(registry) if (sound := registry.standing(model).sound)}
    paths = {f"/v1/models/{model}:predict": {"post": _predict(model, sound)} for model, sound in sounds.items()}
    paths |= {
        f"/v1/models/{model}:label": {"post": _label(model, registry.definition(model))}
        for model, sound in sounds.items()
        if not sound.model.definition.roles
    }
    schemas = {f"{model}.instance": instance_schema(sound) for model, sound in sounds.items()}
    schemas |= {f"{model}.prediction": prediction_schema(sound.model) for model, sound in sounds.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Refrain",
            "version": "1",
            "description": "Predictions by the V1 and the V2 (Open Inference) protocol, labels, and what is served.",
        },
        "servers": [{"url": "."}],
        "security": [{"key": []}],
        "tags": [
            {"name": "predict"},
            {"name": "label"},
            {"name": "models"},
            {"name": "open inference protocol"},
            {"name": "about"},
        ],
        "paths": paths | _fixed(),
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": schemas | {"problem": PROBLEM, "tensor": TENSOR},
        },
    }


def _predict(model: str, sound: LoadedVersion) -> Schema:
    definition = sound.model.definition
    instances = _list({"$ref": f"#/components/schemas/{model}.instance"}, minItems=1, maxItems=MAX_INSTANCES)
    answer = {
        "predictions": _list({"$ref": f"#/components/schemas/{model}.prediction"}),
        "model": {"const": model},
        "model_version": TEXT,
        "prediction_ids": _list(TEXT),
        "ignored": _list(TEXT, description="Columns that were sent and that this model does not know"),
    }
    return {
        "operationId": f"predict.{model}",
        "summary": f"Ask {model}",
        "description": f"{definition.task.capitalize()} of {definition.predicted_column}.",
        "tags": ["predict"],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _object({"instances": instances}, "instances"),
                    "example": {"instances": [dict(sound.example)]},
                }
            },
        },
        "responses": _responses(_object(answer, *list(answer)[:-1])),
    }


def _label(model: str, definition: Definition) -> Schema:
    label: Schema = {"description": f"What {definition.target} turned out to be, as an upload would have it"}
    allowed = definition.columns[definition.target].allowed
    if allowed:
        label["examples"] = list(allowed)
    identity = {"type": "string", "description": "One of the prediction_ids of an answer"}
    labels = _list(_object({"prediction_id": identity, "label": label}, "prediction_id", "label"))
    labels |= {"minItems": 1, "maxItems": MAX_LABELS}
    answer = {"accepted": {"type": "integer"}, "id": {"type": "string", "description": "The same for the same labels"}}
    responses = _responses(_object(answer, "accepted", "id"))
    return {
        "operationId": f"label.{model}",
        "summary": f"Tell {model} what turned out to be true",
        "description": "Kept when this answers. Late, repeated and contradicting labels are kept; the last one counts.",
        "tags": ["label"],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _object({"labels": labels}, "labels")}},
        },
        "responses": {"202": responses.pop("200")} | responses,
    }


def _fixed() -> dict[str, Schema]:
    """The paths that are there whatever is served."""
    model = {"type": "object"}
    paths: dict[str, Schema] = {
        "/v1/models": {"get": _get("models", "What is served", _object({"models": _list(model)}, "models"))},
        "/v1/models/{model}": {"get": _get("model", "One model: version, figures, schema", model, MODEL)},
        "/v1/models/{model}/history": {"get": _history()},
        "/openapi.json": {"get": _get("openapi", "This description", model, tag="about")},
        "/docs": {"get": _get("docs", "A page to try the models from", None, tag="about")},
        "/v2": {"get": _get("server", "The server's metadata", model, tag="open inference protocol")},
    }
    for name, summary in (("live", "Is the process alive?"), ("ready", "Can every deployed model answer?")):
        schema = _object({name: {"type": "boolean"}}, name)
        paths[f"/v2/health/{name}"] = {"get": _get(name, summary, schema, tag="open inference protocol") | OPEN}
    for path, suffix, parameters in (
        ("/v2/models/{model}", "", (MODEL,)),
        ("/v2/models/{model}/versions/{version}", ".version", (MODEL, VERSION)),
    ):
        tag = "open inference protocol"
        paths[path] = {"get": _get(f"metadata{suffix}", "Inputs and outputs of a model", model, *parameters, tag=tag)}
        paths[f"{path}/ready"] = {"get": _get(f"ready.model{suffix}", "Can it answer?", model, *parameters, tag=tag)}
        paths[f"{path}/infer"] = {"post": _infer(suffix, *parameters)}
    return paths


def _history() -> Schema:
    said = {
        "moves": _list({"type": "object"}, description="In the order of time, the newest hundred"),
        "earlier": {"type": "integer", "description": "How many moves before these there were"},
        "at": TEXT,
        "model_version": {"type": ["string", "null"]},
        "since": {"type": ["string", "null"]},
        "challenger": {"type": ["object", "null"], "description": "What was on trial at that time"},
        "prediction_id": TEXT,
        "asked_at": TEXT,
        "source": {"enum": ["captured", "log"], "description": "Exactly known, or what the moves leave possible"},
        "possible": _list(TEXT),
    }
    at = {"name": "at", "in": "query", "schema": TEXT, "description": "What was served at this time (ISO 8601)?"}
    by = {"name": "prediction", "in": "query", "schema": TEXT, "description": "Which version made this prediction?"}
    summary = "What was promoted, tried and rolled back, when, by whom and why"
    return _get("history", summary, _object({"model": TEXT} | said, "model"), MODEL, at, by)


def _get(name: str, summary: str, schema: Schema | None, *parameters: Schema, tag: str = "models") -> Schema:
    operation: Schema = {"operationId": name, "summary": summary, "tags": [tag], "responses": _responses(schema)}
    return operation | ({"parameters": list(parameters)} if parameters else {})


def _infer(suffix: str, *parameters: Schema) -> Schema:
    tensors = _list({"$ref": "#/components/schemas/tensor"}, minItems=1)
    question = _object({"id": TEXT, "inputs": tensors, "outputs": _list(_object({"name": TEXT}, "name"))}, "inputs")
    answer = {"model_name": TEXT, "model_version": TEXT, "id": TEXT, "parameters": {"type": "object"}}
    return {
        "operationId": f"infer{suffix}",
        "summary": "Ask a model, one input tensor a column",
        "tags": ["open inference protocol"],
        "parameters": list(parameters),
        "requestBody": {"required": True, "content": {"application/json": {"schema": question}}},
        "responses": _responses(_object(answer | {"outputs": tensors}, "model_name", "model_version", "outputs")),
    }


def _responses(schema: Schema | None) -> Schema:
    content = {"application/json": {"schema": schema}} if schema else {"text/html": {"schema": TEXT}}
    problem = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/problem"}}}
    return {
        "200": {"description": "The answer", "content": content},
        "4XX": {"description": "A problem with the request", "content": problem},
        "5XX": {"description": "A problem on this side", "content": problem},
    }


def _list(items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, **more}


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _listed(place: str, part: str) -> Schema:
    """One problem: of an instance and its column, or of a label and its field."""
    properties = {place: {"type": "integer"}, part: {"type": ["string", "null"]}, "reason": TEXT}
    properties["value"] = {"description": "As it was sent, shortened"}
    return _object(properties, *properties)


TENSOR = _object(
    {
        "name": TEXT,
        "datatype": TEXT,
        "shape": _list({"type": "integer"}),
        "data": {"type": "array", "description": "Flat, or nested as the shape is; null where a value is missing"},
    },
    "name",
    "datatype",
    "shape",
    "data",
)

PROBLEM = _object(
    {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "code": {"enum": sorted(problem_codes())},
        "detail": TEXT,
        "problems": _list(
            {"anyOf": [_listed("instance", "column"), _listed("index", "field")]}, maxItems=MAX_LISTED_PROBLEMS
        ),
        "request_id": TEXT,
        "error": {"type": "string", "description": "The detail again, below /v2"},
    },
    "type",
    "title",
    "status",
    "code",
    "detail",
)
