"""The models in service: since when, by which figure, and what they take and give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.errors import UnknownModel
from refrain.serving.http.refusals import NotTrained
from refrain.serving.http.schema import instance_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.lake.deployment import Served
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def answer_models(registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v1/models`: every model with a champion."""
    return {"models": [_summary(registry, model) for model in deployed_models(registry)]}


def answer_model_details(registry: Registry, _request: HttpRequest, model: str) -> dict[str, Any]:
    """Answer `GET /v1/models/{model}`."""
    version, deployment = registry.champion(model), registry.state(model).deployment
    definition = version.model.definition
    return _summary(registry, model) | {
        "target": definition.predicted_column,
        "classes": version.model.classes,
        "estimator": version.model.manifest.estimator,
        "features": definition.features,
        "schema": instance_schema(version),
        "challenger": _to_json(deployment.challenger),
        "previous": _to_json(deployment.previous),
    }


def deployed_models(registry: Registry) -> Iterator[str]:
    """Name the models with a champion."""
    for model in registry.models():
        try:
            registry.state(model)
        except (NotTrained, UnknownModel):  # not trained yet, or retired since
            continue
        yield model


def _summary(registry: Registry, model: str) -> dict[str, Any]:
    """Summarise a model; `refused` is a champion that failed its proof, in whose place another version answers."""
    state = registry.state(model)
    version, champion = state.champion, state.deployment.champion_version
    served = version.served if version else None
    summary = {
        "model": model,
        "model_version": served.version if served else None,
        "since": served.since if served else None,
        "task": version.model.definition.task if version else None,
        "metric": served.metric if served else None,
        "value": served.value if served else None,
    }
    return summary if served and served.version == champion else summary | {"refused": champion}


def _to_json(served: Served | None) -> dict[str, Any] | None:
    return served.to_json() if served else None
