"""The description of this API (OpenAPI 3.1), with a schema of its own for each model that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.serving.catalogue import deployed
from refrain.serving.problems import CONTENT_TYPE, MOST_LISTED, STATUS
from refrain.serving.requests import MOST_INSTANCES
from refrain.serving.schema import instance_schema, prediction_schema

if TYPE_CHECKING:
    from refrain.serving.registry import Registry, Sound
    from refrain.serving.requests import Request

type Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MODEL: Schema = {"name": "model", "in": "path", "required": True, "schema": TEXT, "description": "The model's name"}
VERSION: Schema = {"name": "version", "in": "path", "required": True, "schema": TEXT}
OPEN: Schema = {"security": []}
"""What needs no key."""


def answer_openapi(registry: Registry, _request: Request) -> Schema:
    """Answer `GET /openapi.json`."""
    sounds = {model: sound for model in deployed(registry) if (sound := registry.standing(model).sound)}
    paths = {f"/v1/models/{model}:predict": {"post": _predict(model, sound)} for model, sound in sounds.items()}
    schemas = {f"{model}.instance": instance_schema(sound) for model, sound in sounds.items()}
    schemas |= {f"{model}.prediction": prediction_schema(sound.servable) for model, sound in sounds.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Refrain",
            "version": "1",
            "description": "Predictions by the V1 and the V2 (Open Inference) protocol, and what is served.",
        },
        "servers": [{"url": "."}],
        "security": [{"key": []}],
        "tags": [{"name": "predict"}, {"name": "models"}, {"name": "open inference protocol"}, {"name": "about"}],
        "paths": paths | _fixed(),
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": schemas | {"problem": PROBLEM, "tensor": TENSOR},
        },
    }


def _predict(model: str, sound: Sound) -> Schema:
    instances = _list({"$ref": f"#/components/schemas/{model}.instance"}, minItems=1, maxItems=MOST_INSTANCES)
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
        "description": f"{sound.servable.definition.task.capitalize()} of {sound.servable.definition.target}.",
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


def _fixed() -> dict[str, Schema]:
    """The paths that are there whatever is served."""
    model = {"type": "object"}
    paths: dict[str, Schema] = {
        "/v1/models": {"get": _get("models", "What is served", _object({"models": _list(model)}, "models"))},
        "/v1/models/{model}": {"get": _get("model", "One model: version, figures, schema", model, MODEL)},
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
        "code": {"enum": sorted(code for _, code in STATUS.values())},
        "detail": TEXT,
        "problems": _list(
            _object(
                {
                    "instance": {"type": "integer"},
                    "column": {"type": ["string", "null"]},
                    "value": {"description": "As it was sent, shortened"},
                    "reason": TEXT,
                },
                "instance",
                "column",
                "value",
                "reason",
            ),
            maxItems=MOST_LISTED,
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
