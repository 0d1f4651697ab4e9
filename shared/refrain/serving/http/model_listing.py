"""What is served, since when and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from refrain.serving.http.refusals import NotTrained
from refrain.serving.http.schema import instance_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.lake.deployment import Served
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def answer_models(registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v1/models`: every model that something was promoted for."""
    return {"models": [_entry(registry, model) for model in deployed(registry)]}


def answer_model_details(registry: Registry, _request: HttpRequest, model: str) -> dict[str, Any]:
    """Answer `GET /v1/models/{model}`."""
    standing, sound = registry.standing(model), registry.serving(model)
    definition = sound.model.definition
    return _entry(registry, model) | {
        "target": definition.predicted_column,
        "classes": sound.model.classes,
        "estimator": sound.model.manifest.estimator,
        "features": definition.features,
        "schema": instance_schema(sound),
        "challenger": _written(standing.deployment.challenger),
        "previous": _written(standing.deployment.previous),
    }


def deployed(registry: Registry) -> Iterator[str]:
    """Name the models that something was promoted for."""
    for model in registry.known():
        try:
            registry.standing(model)
        except NotTrained:
            continue
        yield model


def _entry(registry: Registry, model: str) -> dict[str, Any]:
    """`refused` names a champion that failed its proof; what is served then is another version, or none."""
    standing = registry.standing(model)
    sound, champion = standing.sound, standing.deployment.champion_version
    served = sound.served if sound else None
    entry = {
        "model": model,
        "model_version": served.version if served else None,
        "since": served.since if served else None,
        "task": sound.model.definition.task if sound else None,
        "metric": served.metric if served else None,
        "value": served.value if served else None,
    }
    return entry if served and served.version == champion else entry | {"refused": champion}


def _written(served: Served | None) -> dict[str, Any] | None:
    return asdict(served) if served else None
