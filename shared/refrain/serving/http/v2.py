"""The Open Inference Protocol (V2): one input tensor a column, the model's answer as output tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing import Problem
from refrain.model.loading import is_recommender
from refrain.serving.capturing import capture_later
from refrain.serving.http.refusals import (
    BinaryTensors,
    InvalidInstances,
    InvalidRequestBody,
    NoTensors,
    UnknownVersion,
    shorten_text,
)
from refrain.serving.http.tensors import read_tensors, tensor
from refrain.serving.prediction import CANARY, Predictions, predict

if TYPE_CHECKING:
    from refrain.model.loading import LoadedVersion
    from refrain.model.recommendation import RecommenderModel
    from refrain.model.tabular import TabularModel
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry
    from refrain.serving.trial_answers import LoadedChallenger

DATATYPES = {"number": "FP64", "boolean": "BOOL", "time": "BYTES", "category": "BYTES"}
MOST_IGNORED = 50


def answer_server(_registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v2`."""
    return {"name": "refrain", "version": "1", "extensions": []}


def answer_v2_metadata(registry: Registry, _request: HttpRequest, model: str, version: str = "") -> dict[str, Any]:
    """Answer `GET /v2/models/{model}`; `parameters.classes` is the order of `probabilities`."""
    servable = _with_tensors(_serving(registry, model, version))
    definition = servable.definition
    inputs = [
        {"name": name, "datatype": DATATYPES[definition.columns[name].kind], "shape": [-1]}
        for name in definition.inputs
    ]
    classes = {"parameters": {"classes": servable.classes}} if servable.classes else {}
    outputs = [
        {"name": name, "datatype": datatype, "shape": [-1, *shape]}
        for name, (datatype, *shape) in _outputs(servable).items()
    ]
    metadata = {"name": model, "versions": [servable.version], "platform": "onnx"}
    return metadata | {"inputs": inputs, "outputs": outputs} | classes


def answer_v2_ready(registry: Registry, _request: HttpRequest, model: str, version: str = "") -> dict[str, Any]:
    """Answer `GET /v2/models/{model}/ready`."""
    _serving(registry, model, version)
    return {"name": model, "ready": True}


def answer_infer(registry: Registry, request: HttpRequest, model: str, version: str = "") -> dict[str, Any]:
    """Answer `POST /v2/models/{model}/infer`. A column without an input tensor is missing.

    Where a challenger answered some rows, `parameters.versions` names the version of each.
    """
    sound, rival = registry.contest(model)
    servable = _with_tensors(sound)
    _check_version(model, version, servable)
    if request.header("inference-header-content-length"):
        raise BinaryTensors
    document = request.document()
    wanted = _wanted(document.get("outputs"), servable)
    identity = document.get("id")
    if identity is not None and not isinstance(identity, str):
        raise InvalidRequestBody("id: expected a string")
    tensors = read_tensors(document.get("inputs"))
    inputs = servable.definition.inputs
    if tensors.columns.keys().isdisjoint(inputs):
        reason = f"expected an input for at least one of the columns {', '.join(inputs)}"
        raise InvalidInstances([Problem(row, "", None, reason) for row in range(tensors.rows)])
    predictions = predict(servable, tensors.columns, tensors.rows, _admitted(rival, servable, version))
    capture_later(registry, request, servable, tensors.columns, predictions)
    written = _written(predictions, servable)
    unknown = sorted(shorten_text(name) for name in tensors.columns.keys() - servable.definition.columns.keys())
    facts = {"ignored": ",".join(unknown[:MOST_IGNORED])} if unknown else {}
    if any(by is not servable for by in predictions.by):
        facts["versions"] = ",".join(by.version for by in predictions.by)
    return {
        "model_name": model,
        "model_version": servable.version,
        **({} if identity is None else {"id": identity}),
        "parameters": {"prediction_ids": ",".join(predictions.ids)} | facts,
        "outputs": [written[name] for name in wanted],
    }


def _serving(registry: Registry, model: str, version: str) -> LoadedVersion:
    sound = registry.serving(model)
    _check_version(model, version, sound.model)
    return sound


def _with_tensors(sound: LoadedVersion) -> TabularModel:
    if is_recommender(sound.model):
        raise NoTensors(sound.model.definition.model)
    return sound.model


def _check_version(model: str, version: str, servable: TabularModel | RecommenderModel) -> None:
    if version and version != servable.version:
        raise UnknownVersion(model, version, servable.version)


def _admitted(rival: LoadedChallenger | None, servable: TabularModel, version: str) -> LoadedChallenger | None:
    """Keep a canary out where the champion was asked for by name, or where it would not fit into the same tensor."""
    if rival is None or rival.terms.mode != CANARY:
        return rival
    fits = rival.servable is None or rival.servable.classes == servable.classes
    return rival if fits and not version else None


def _outputs(servable: TabularModel) -> dict[str, tuple[Any, ...]]:
    """Name the outputs, with the datatype and the shape of one row of each."""
    answers: dict[str, tuple[Any, ...]] = {"value": ("FP64",)}
    if servable.classes:
        answers = {"label": ("BYTES",), "probabilities": ("FP64", len(servable.classes))}
    return answers | {"unfamiliar": ("BYTES",)}


def _wanted(outputs: object, servable: TabularModel) -> list[str]:
    """Return the outputs asked for, all unless some are named. That they be binary is a wish that JSON fulfils too."""
    known = list(_outputs(servable))
    if outputs is None or outputs == []:
        return known
    if not isinstance(outputs, list) or not all(isinstance(each, dict) for each in outputs):
        raise InvalidRequestBody("outputs: expected a list of objects with a name")
    names = [each.get("name") for each in outputs]
    if any(name not in known for name in names) or len(set(names)) < len(names):
        raise InvalidRequestBody(f"outputs: expected each name once, of {', '.join(known)}")
    return [str(name) for name in names]


def _written(predictions: Predictions, servable: TabularModel) -> dict[str, dict[str, Any]]:
    rows = len(predictions.ids)
    data: dict[str, list[Any]] = {
        "label": predictions.labels or [],
        "probabilities": [float(number) for row in predictions.numbers for number in row],
        "value": [float(row[0]) for row in predictions.numbers],
        "unfamiliar": [",".join(names) for names in predictions.unfamiliar],
    }
    return {
        name: tensor(name, datatype, [rows, *shape], data[name])
        for name, (datatype, *shape) in _outputs(servable).items()
    }
