"""Labels sent by a caller: checked and kept as a whole, and safe before they are acknowledged."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from refrain.lake.label import MAX_PREDICTION_ID_LENGTH, check_labels, write_labels
from refrain.serving.http.refusals import InvalidLabels, InvalidRequestBody, LabelProblem, NoLabels, TooManyLabels
from refrain.serving.http.requests import Accepted

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.lake.label import PredictionLabel
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

logger = logging.getLogger("refrain")

MAX_LABELS = 1000
LABEL_FIELDS = ("prediction_id", "label")


def answer_label(registry: Registry, request: HttpRequest, model: str) -> Accepted:
    """Answer `POST /v1/models/{model}:label`: 202 once the labels are kept. Sent again they change nothing."""
    registry.state(model)  # a model that was never in service has no predictions
    definition = registry.definition(model)
    if isinstance(definition, RecommenderDefinition):
        raise NoLabels(model)
    labels = _read_labels(request.document(), definition)
    identity = write_labels(registry.store, model, labels, datetime.now(UTC))
    logger.info("labels kept", extra={"request_id": request.id, "model": model, "labels": len(labels), "id": identity})
    return Accepted({"accepted": len(labels), "id": identity})


def _read_labels(document: dict[str, Any], definition: Definition) -> list[PredictionLabel]:
    entries = document.get("labels")
    if not isinstance(entries, list) or not entries:
        raise InvalidRequestBody("labels: expected a list of at least one object")
    if len(entries) > MAX_LABELS:
        raise TooManyLabels(len(entries), MAX_LABELS)
    problems = [problem for index, entry in enumerate(entries) for problem in _check_shape(index, entry)]
    if not problems:
        refused = check_labels(definition, [entry["label"] for entry in entries])
        problems = [LabelProblem(problem.row, "label", problem.value, problem.reason) for problem in refused]
    if problems:
        raise InvalidLabels(problems)
    return [(entry["prediction_id"], entry["label"]) for entry in entries]


def _check_shape(index: int, entry: object) -> list[LabelProblem]:
    fields = " and ".join(LABEL_FIELDS)
    if not isinstance(entry, dict):
        return [LabelProblem(index, None, entry, f"expected an object of {fields}")]
    problems = [
        LabelProblem(index, str(name), entry[name], f"unknown; known are {fields}")
        for name in entry
        if name not in LABEL_FIELDS
    ]
    if "label" not in entry:
        problems.append(LabelProblem(index, "label", None, "is required"))
    identity = entry.get("prediction_id")
    if not (isinstance(identity, str) and 0 < len(identity) <= MAX_PREDICTION_ID_LENGTH and identity.isprintable()):
        reason = f"expected one of the prediction_ids of an answer: text of 1 to {MAX_PREDICTION_ID_LENGTH} characters"
        problems.append(LabelProblem(index, "prediction_id", identity, reason))
    return problems
