"""The V1 inference protocol: instances in, predictions out."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from preprocessing import Problem, rows_to_lists
from refrain.fast_path.answer_json import write_answer
from refrain.model.loading import is_recommender
from refrain.serving.capturing import capture_later
from refrain.serving.http.refusals import InvalidInstances, InvalidRequestBody, TooManyInstances
from refrain.serving.http.requests import MAX_INSTANCES, Json
from refrain.serving.http.sent_names import join_instances, tidy_instances
from refrain.serving.prediction import predict
from refrain.serving.uncertainty import add_bounds, is_wanted, read_option, refuse_option, write_uncertainty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.model.tabular import TabularModel
    from refrain.serving.answered_rows import Predictions
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def answer_predict(registry: Registry, request: HttpRequest, model: str) -> Json | dict[str, Any]:
    """Answer `POST /v1/models/{model}:predict`; here the kind of the model is chosen."""
    version, challenger = registry.versions(model)
    champion = version.model
    if is_recommender(champion):
        from refrain.serving.recommendation import answer_recommendations  # other models do not need it

        document = request.document()
        refuse_option(document)
        return answer_recommendations(registry, request, champion, _objects(document))
    definition, deployed = champion.definition, registry.definition(model)
    document = request.document()
    instances = _objects(document)
    wants_uncertainty = is_wanted(read_option(document), deployed)
    ignored: list[str] = []
    if unknown := set().union(*instances).difference(definition.raw_names):
        instances, ignored = tidy_instances(definition, instances, unknown, strict=deployed.source.strict)
    if definition.parts:
        instances = join_instances(definition, instances)
    _check_inputs(instances, definition.inputs)
    raw = rows_to_lists(instances, (*definition.inputs, *champion.identity_columns))
    predictions = predict(champion, raw, len(instances), challenger)
    if wants_uncertainty:
        add_bounds(predictions, registry.error_bounds, deployed.serving.coverage)
    capture_later(registry, request, champion, raw, predictions)
    return Json(_write(predictions, champion, ignored))


def _objects(document: dict[str, Any]) -> list[dict[str, Any]]:
    instances = document.get("instances")
    if not isinstance(instances, list) or not instances:
        raise InvalidRequestBody("instances: expected a list of at least one object")
    if len(instances) > MAX_INSTANCES:
        raise TooManyInstances(len(instances), MAX_INSTANCES)
    problems = [
        Problem(row, "", instance, "expected an object of columns and values")
        for row, instance in enumerate(instances)
        if not isinstance(instance, dict)
    ]
    if problems:
        raise InvalidInstances(problems)
    return instances


def _check_inputs(instances: Sequence[dict[str, Any]], inputs: Sequence[str]) -> None:
    names = frozenset(inputs)
    problems = [
        Problem(row, "", instance, f"expected at least one of the columns {', '.join(inputs)}")
        for row, instance in enumerate(instances)
        if names.isdisjoint(instance)
    ]
    if problems:
        raise InvalidInstances(problems)


def _write(predictions: Predictions, champion: TabularModel, ignored: list[str]) -> str:
    rows = zip(
        predictions.models,
        predictions.numbers,
        predictions.labels or repeat(None),
        predictions.unfamiliar,
        predictions.bounds or repeat(None),
        strict=False,
    )
    texts = [
        model.answer_writer.prediction(
            numbers,
            label,
            unfamiliar,
            "" if model is champion else model.version,
            write_uncertainty(model, numbers, label, served) if served else "",
            model.manifest.rule.decide(numbers) if model.manifest.rule else "",
        )
        for model, numbers, label, unfamiliar, served in rows
    ]
    return write_answer(texts, champion.definition.model, champion.version, predictions.ids, ignored)
