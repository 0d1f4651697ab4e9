"""The V1 inference protocol: instances in, predictions out."""

from __future__ import annotations

import json
from itertools import repeat
from json.encoder import encode_basestring_ascii as text
from typing import TYPE_CHECKING, Any

from preprocessing import Problem, rows_to_lists
from refrain.model.loading import is_recommender
from refrain.serving.capturing import capture_later
from refrain.serving.http.refusals import InvalidInstances, InvalidRequestBody, TooManyInstances, shorten_text
from refrain.serving.http.requests import MAX_INSTANCES, Json
from refrain.serving.prediction import Predictions, predict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.model.tabular import TabularModel
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

MOST_IGNORED = 50


def answer_predict(registry: Registry, request: HttpRequest, model: str) -> Json | dict[str, Any]:
    """Answer `POST /v1/models/{model}:predict`."""
    sound, rival = registry.contest(model)
    servable = sound.model
    if is_recommender(servable):
        from refrain.serving.recommendation import answer_recommendations  # other models need none of it

        return answer_recommendations(registry, request, servable, _instances(request.document(), ()))
    instances = _instances(request.document(), servable.definition.inputs)
    raw = rows_to_lists(instances, (*servable.definition.inputs, *servable.identity_columns))
    predictions = predict(servable, raw, len(instances), rival)
    capture_later(registry, request, servable, raw, predictions)
    unknown = set().union(*instances).difference(servable.definition.columns)
    return Json(_written(predictions, servable, unknown))


def _instances(document: dict[str, Any], inputs: Sequence[str]) -> list[dict[str, Any]]:
    instances = document.get("instances")
    if not isinstance(instances, list) or not instances:
        raise InvalidRequestBody("instances: expected a list of at least one object")
    if len(instances) > MAX_INSTANCES:
        raise TooManyInstances(len(instances), MAX_INSTANCES)
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


def _written(predictions: Predictions, servable: TabularModel, unknown: set[str]) -> str:
    """Write the answer as JSON: by templates, which takes a fraction of what the encoder takes for dictionaries."""
    labels = predictions.labels or repeat(None)
    rows = zip(predictions.by, predictions.numbers, labels, predictions.unfamiliar, strict=False)
    written = [
        by.answer_writer.row(
            numbers, label, "" if by is servable and not unfamiliar else _more(by, servable, unfamiliar)
        )
        for by, numbers, label, unfamiliar in rows
    ]
    ignored = f',"ignored":{json.dumps(sorted(map(shorten_text, unknown))[:MOST_IGNORED])}' if unknown else ""
    return (
        f'{{"predictions":[{",".join(written)}],"model":{text(servable.definition.model)},'
        f'"model_version":{text(servable.version)},"prediction_ids":["{'","'.join(predictions.ids)}"]{ignored}}}'
    )


def _more(by: TabularModel, servable: TabularModel, unfamiliar: list[str]) -> str:
    """Write what only some predictions say: what is unlike the training data, and the version where it is another."""
    version = f',"version":{text(by.version)}' if by is not servable else ""
    return f',"unfamiliar":{json.dumps(unfamiliar)}{version}' if unfamiliar else version
