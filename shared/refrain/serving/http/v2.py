"""The Open Inference Protocol (V2): an input tensor for each column, the model's answer as output tensors."""

from __future__ import annotations

import json
from itertools import repeat
from typing import TYPE_CHECKING, Any

from preprocessing import Problem, join_times
from refrain.model.loading import is_recommender
from refrain.serving.answered_rows import decide_rows
from refrain.serving.capturing import capture_later
from refrain.serving.http.refusals import BinaryTensors, InvalidInstances, InvalidRequestBody, NoTensors, UnknownVersion
from refrain.serving.http.sent_names import columns_of, ignored_names
from refrain.serving.http.tensors import read_tensors, tensor
from refrain.serving.prediction import predict
from refrain.serving.trial_answers import CANARY
from refrain.serving.uncertainty import add_bounds, is_wanted, read_option, write_uncertainty
from refrain.unfamiliar import Combination

if TYPE_CHECKING:
    from refrain.model.loading import LoadedVersion
    from refrain.model.tabular import TabularModel
    from refrain.serving.answered_rows import Predictions
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry
    from refrain.serving.trial_answers import LoadedChallenger

UNCERTAINTIES = frozenset({"interval", "set"})
DATATYPES = {"number": "FP64", "boolean": "BOOL", "time": "BYTES", "category": "BYTES"}


def answer_server(_registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v2`."""
    return {"name": "refrain", "version": "1", "extensions": []}


def answer_v2_metadata(registry: Registry, _request: HttpRequest, model: str, version: str = "") -> dict[str, Any]:
    """Answer `GET /v2/models/{model}`; `parameters.classes` is the order of `probabilities`."""
    served = _require_tabular(_require_version(registry.champion(model), version))
    definition = served.definition
    inputs = [
        {"name": name, "datatype": DATATYPES[definition.columns[name].kind], "shape": [-1]}
        for name in definition.inputs
    ]
    outputs = [
        {"name": name, "datatype": datatype, "shape": [-1, *shape]}
        for name, (datatype, *shape) in _outputs(served).items()
    ]
    metadata = {"name": model, "versions": [served.version], "platform": "onnx", "inputs": inputs, "outputs": outputs}
    if is_wanted(None, registry.definition(model)):
        name, datatype, width = _uncertainty_output(served)
        outputs.append({"name": name, "datatype": datatype, "shape": [-1, width]})
    return metadata | ({"parameters": {"classes": served.classes}} if served.classes else {})


def answer_v2_ready(registry: Registry, _request: HttpRequest, model: str, version: str = "") -> dict[str, Any]:
    """Answer `GET /v2/models/{model}/ready`."""
    _require_version(registry.champion(model), version)
    return {"name": model, "ready": True}


def answer_infer(registry: Registry, request: HttpRequest, model: str, version: str = "") -> dict[str, Any]:
    """Answer `POST /v2/models/{model}/infer`. A column without an input tensor is missing.

    Where a challenger answered some rows, `parameters.versions` names the version of each.
    """
    served, challenger = registry.versions(model)
    champion = _require_tabular(_require_version(served, version))
    if request.header("inference-header-content-length"):
        raise BinaryTensors
    document = request.document()
    deployed = registry.definition(model)
    wants_uncertainty = is_wanted(read_option(document.get("parameters")), deployed)
    outputs = _chosen_outputs(document.get("outputs"), champion, wants_uncertainty=wants_uncertainty)
    identity = document.get("id")
    if identity is not None and not isinstance(identity, str):
        raise InvalidRequestBody("id: expected a string")
    tensors = read_tensors(document.get("inputs"))
    sent, ignored = _columns(registry, champion, tensors.columns)
    columns = join_times(champion.definition, sent, tensors.rows)
    inputs = champion.definition.inputs
    if columns.keys().isdisjoint(inputs):
        reason = f"expected an input for at least one of the columns {', '.join(inputs)}"
        raise InvalidInstances([Problem(row, "", None, reason) for row in range(tensors.rows)])
    predictions = predict(champion, columns, tensors.rows, _admit(challenger, champion, version))
    if not UNCERTAINTIES.isdisjoint(outputs):
        add_bounds(predictions, registry.error_bounds, deployed.serving.coverage)
    capture_later(registry, request, champion, columns, predictions)
    parameters = {"prediction_ids": ",".join(predictions.ids)} | ({"ignored": ",".join(ignored)} if ignored else {})
    if any(model is not champion for model in predictions.models):
        parameters["versions"] = ",".join(model.version for model in predictions.models)
    data = _output_tensors(predictions, champion)
    if predictions.bounds:
        data |= _uncertainty_tensor(predictions, champion)
        reasons = [served.withheld or "" for served in predictions.bounds]
        parameters |= {"withheld": ",".join(reasons)} if any(reasons) else {}
    return {
        "model_name": model,
        "model_version": champion.version,
        **({} if identity is None else {"id": identity}),
        "parameters": parameters,
        "outputs": [data[name] for name in outputs],
    }


def _columns(
    registry: Registry, champion: TabularModel, sent: dict[str, list[object]]
) -> tuple[dict[str, list[object]], list[str]]:
    """Rename what was sent by untidy names; return also the names of no column."""
    definition = champion.definition
    unknown = sent.keys() - definition.raw_names.keys()
    if not unknown:
        return sent, []
    names = columns_of(definition, unknown)
    columns = {names.get(name, name): values for name, values in sent.items()}
    if len(columns) < len(sent):
        raise InvalidRequestBody("inputs: the same column is sent under two names")
    return columns, ignored_names(definition, columns, strict=registry.definition(definition.model).source.strict)


def _require_version(served: LoadedVersion, version: str) -> LoadedVersion:
    if version and version != served.model.version:
        raise UnknownVersion(served.model.definition.model, version, served.model.version)
    return served


def _require_tabular(served: LoadedVersion) -> TabularModel:
    if is_recommender(served.model):
        raise NoTensors(served.model.definition.model)
    return served.model


def _admit(challenger: LoadedChallenger | None, champion: TabularModel, version: str) -> LoadedChallenger | None:
    """Leave a canary out where the champion was asked by name, or where its answer has another shape."""
    if challenger is None or challenger.settings.mode != CANARY:
        return challenger
    fits = challenger.model is None or challenger.model.classes == champion.classes
    return challenger if fits and not version else None


def _outputs(model: TabularModel) -> dict[str, tuple[Any, ...]]:
    """Name the usual outputs, with the datatype and the shape of one row of each."""
    answers: dict[str, tuple[Any, ...]] = {"value": ("FP64",)}
    if model.classes:
        answers = {"label": ("BYTES",), "probabilities": ("FP64", len(model.classes))}
        answers |= {"decision": ("BYTES",)} if model.manifest.rule else {}
    return answers | {"unfamiliar": ("BYTES",), "unfamiliar_combination": ("BYTES",)}


def _uncertainty_output(model: TabularModel) -> tuple[str, Any, int]:
    """Return name, datatype and length of one row of what says how sure an answer is."""
    return ("set", "BOOL", len(model.classes)) if model.classes else ("interval", "FP64", 2)


def _chosen_outputs(outputs: object, model: TabularModel, *, wants_uncertainty: bool) -> list[str]:
    """Return the outputs that are asked for, or the usual ones. A request for binary data is answered in JSON."""
    usual, uncertainty = list(_outputs(model)), _uncertainty_output(model)[0]
    available = [*usual, uncertainty]
    if outputs is None or outputs == []:
        return available if wants_uncertainty else usual
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise InvalidRequestBody("outputs: expected a list of objects with a name")
    names = [output.get("name") for output in outputs]
    if any(name not in available for name in names) or len(set(names)) < len(names):
        raise InvalidRequestBody(f"outputs: expected each name once, of {', '.join(available)}")
    return [str(name) for name in names]


def _output_tensors(predictions: Predictions, model: TabularModel) -> dict[str, dict[str, Any]]:
    rows = len(predictions.ids)
    data: dict[str, list[Any]] = {
        "label": predictions.labels,
        "probabilities": [float(number) for row in predictions.numbers for number in row],
        "decision": decide_rows(predictions) if model.manifest.rule else [],
        "value": [float(row[0]) for row in predictions.numbers],
        "unfamiliar": ["" if isinstance(note, Combination) else ",".join(note) for note in predictions.unfamiliar],
        "unfamiliar_combination": [
            ",".join(note.features) or "?" if isinstance(note, Combination) else "" for note in predictions.unfamiliar
        ],
    }
    return {
        name: tensor(name, datatype, [rows, *shape], data[name]) for name, (datatype, *shape) in _outputs(model).items()
    }


def _uncertainty_tensor(predictions: Predictions, model: TabularModel) -> dict[str, dict[str, Any]]:
    """Return the intervals, or for each class whether it is in the set; nulls where they are withheld."""
    name, datatype, width = _uncertainty_output(model)
    rows = zip(
        predictions.models, predictions.numbers, predictions.labels or repeat(None), predictions.bounds, strict=False
    )
    data: list[Any] = []
    for row in rows:
        content = json.loads(f"{{{write_uncertainty(*row)}}}")[name]
        data += [None] * width if content is None else content if name == "interval" else _members(content, model)
    return {name: tensor(name, datatype, [len(predictions.ids), width], data)}


def _members(labels: list[str], model: TabularModel) -> list[bool]:
    return [label in labels for label in model.classes or ()]
