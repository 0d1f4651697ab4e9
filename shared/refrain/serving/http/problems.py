"""A failure as the caller sees it: a problem document (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from refrain.errors import BrokenVersion, RefrainError, StorageError, UnknownModel
from refrain.serving.http.refusals import (
    MOST_LISTED,
    MOST_SHOWN,
    AnswerTooLarge,
    BinaryTensors,
    BodyTooLarge,
    InvalidInstances,
    InvalidLabels,
    InvalidRequestBody,
    LabelProblem,
    MethodNotAllowed,
    NoFiniteAnswer,
    NoLabels,
    NoSuchPath,
    NoTensors,
    NotJson,
    NotTrained,
    TooManyInstances,
    TooManyLabels,
    UnknownVersion,
    WrongContentType,
    shorten_text,
)

if TYPE_CHECKING:
    from preprocessing import Problem

CONTENT_TYPE = "application/problem+json"


class UnexpectedFailure(RefrainError):
    """Anything that nobody thought of; its cause is in the logs and nowhere else."""

    def __init__(self) -> None:
        super().__init__("something went wrong on this side; the logs know it by the request_id")


STATUS: dict[type[RefrainError], tuple[HTTPStatus, str]] = {
    NoSuchPath: (HTTPStatus.NOT_FOUND, "no_such_path"),
    MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"),
    WrongContentType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong_content_type"),
    BinaryTensors: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "binary_tensors"),
    NoTensors: (HTTPStatus.BAD_REQUEST, "no_tensors"),
    NoLabels: (HTTPStatus.BAD_REQUEST, "no_labels"),
    BodyTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large"),
    NotJson: (HTTPStatus.BAD_REQUEST, "not_json"),
    InvalidRequestBody: (HTTPStatus.BAD_REQUEST, "invalid_request"),
    TooManyInstances: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_instances"),
    InvalidInstances: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_instances"),
    NoFiniteAnswer: (HTTPStatus.UNPROCESSABLE_ENTITY, "no_finite_answer"),
    TooManyLabels: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_labels"),
    InvalidLabels: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_labels"),
    AnswerTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "answer_too_large"),
    UnknownModel: (HTTPStatus.NOT_FOUND, "unknown_model"),
    NotTrained: (HTTPStatus.NOT_FOUND, "not_trained"),
    UnknownVersion: (HTTPStatus.NOT_FOUND, "unknown_version"),
    BrokenVersion: (HTTPStatus.SERVICE_UNAVAILABLE, "no_sound_version"),
    StorageError: (HTTPStatus.SERVICE_UNAVAILABLE, "lake_unavailable"),
    RefrainError: (HTTPStatus.INTERNAL_SERVER_ERROR, "internal"),
}
"""Every error that a caller can see: its status and its code."""

_INSIDE = {
    "no_sound_version": "no version of this model can be served; the logs say why",
    "lake_unavailable": "the model store does not answer; try again",
    "internal": str(UnexpectedFailure()),
}
"""What is said instead of the sentences that are meant for the logs."""


def status_of(error: RefrainError) -> tuple[HTTPStatus, str]:
    """Look an error up in the table, by its nearest class."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_document(error: RefrainError, request_id: str) -> dict[str, Any]:
    """Describe an error to the caller; failures on this side name the request id and show nothing of the inside."""
    status, code = status_of(error)
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": _INSIDE.get(code) or shorten_text(str(error), 2 * MOST_SHOWN),
    }
    if isinstance(error, InvalidInstances):
        document["problems"] = [problem_detail(problem) for problem in error.problems[:MOST_LISTED]]
    if isinstance(error, InvalidLabels):
        document["problems"] = [_described_label(problem) for problem in error.problems[:MOST_LISTED]]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        document["request_id"] = request_id
    return document


def problem_detail(problem: Problem) -> dict[str, object]:
    """Write one problem; `column` is null where it is the whole instance that cannot be used."""
    return {
        "instance": problem.row,
        "column": problem.column or None,
        "value": safe_json(problem.value),
        "reason": shorten_text(problem.reason, 2 * MOST_SHOWN),
    }


def _described_label(problem: LabelProblem) -> dict[str, object]:
    return {
        "index": problem.index,
        "field": problem.field and shorten_text(problem.field),
        "value": safe_json(problem.value),
        "reason": shorten_text(problem.reason, 2 * MOST_SHOWN),
    }


def safe_json(value: object) -> object:
    """Return what of a JSON value can be sent back: scalars, shortened; of a list or an object only its size."""
    if isinstance(value, str):
        return shorten_text(value)
    if isinstance(value, list | dict):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a very large whole number"
    return None if value in (float("inf"), float("-inf")) else value
