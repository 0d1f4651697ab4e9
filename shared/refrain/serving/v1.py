"""The V1 inference protocol: instances in, predictions out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing import Problem, rows_to_lists
from refrain.serving.capturing import capture_later
from refrain.serving.predictions import Predictions, predict
from refrain.serving.problems import InvalidInstances, InvalidRequestBody, TooManyInstances, shortened
from refrain.serving.requests import MOST_INSTANCES
from refrain.serving.servable import Servable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.serving.registry import Registry
    from refrain.serving.requests import Request

MOST_IGNORED = 50


def answer_predict(registry: Registry, request: Request, model: str) -> dict[str, Any]:
    """Answer `POST /v1/models/{model}:predict`."""
    sound, rival = registry.contest(model)
    servable = sound.servable
    if not isinstance(servable, Servable):
        from refrain.serving.offers import answer_offers  # other models need none of it

        return answer_offers(registry, request, servable, _instances(request.document(), ()))
    instances = _instances(request.document(), servable.definition.inputs)
    raw = rows_to_lists(instances, (*servable.definition.inputs, *servable.aside))
    predictions = predict(servable, raw, len(instances), rival)
    capture_later(registry, request, servable, raw, predictions)
    answer = {
        "predictions": _written(predictions, servable),
        "model": model,
        "model_version": servable.version,
        "prediction_ids": predictions.ids,
    }
    unknown = set().union(*instances).difference(servable.definition.columns)
    if unknown:
        answer["ignored"] = sorted(shortened(name) for name in unknown)[:MOST_IGNORED]
    return answer


def _instances(document: dict[str, Any], inputs: Sequence[str]) -> list[dict[str, Any]]:
    instances = document.get("instances")
    if not isinstance(instances, list) or not instances:
        raise InvalidRequestBody("instances: expected a list of at least one object")
    if len(instances) > MOST_INSTANCES:
        raise TooManyInstances(len(instances), MOST_INSTANCES)
    names = frozenset(inputs)
    problems = [
        Problem(row, "", instance, _expected(instance, inputs))
        for row, instance in enumerate(instances)
        if not isinstance(instance, dict) or (names and names.isdisjoint(instance))
    ]
    if problems:
        raise InvalidInstances(problems)
    return instances


def _expected(instance: object, inputs: Sequence[str]) -> str:
    if not isinstance(instance, dict):
        return "expected an object of columns and values"
    return f"expected at least one of the columns {', '.join(inputs)}"


def _written(predictions: Predictions, servable: Servable) -> list[dict[str, Any]]:
    """Write the predictions; one that the challenger made names its version."""
    written: list[dict[str, Any]]
    if predictions.labels:
        written = [
            {"label": label, "probabilities": dict(zip(by.classes or (), numbers, strict=True))}
            for label, by, numbers in zip(predictions.labels, predictions.by, predictions.numbers, strict=True)
        ]
    else:
        written = [{"value": value} for (value,) in predictions.numbers]
    for prediction, by, unfamiliar in zip(written, predictions.by, predictions.unfamiliar, strict=True):
        if unfamiliar:
            prediction["unfamiliar"] = unfamiliar
        if by is not servable:
            prediction["version"] = by.version
    return written
