"""Why a request was refused, as a problem document (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).

Refused                  a request that cannot be answered, for a reason that lies in the request
├── NoSuchPath
├── MethodNotAllowed
├── WrongContentType
├── BinaryTensors        the binary extension of the Open Inference Protocol
├── NoTensors            a model that the Open Inference Protocol has no words for
├── NoLabels             a model whose truth comes another way
├── BodyTooLarge
├── NotJson
├── InvalidRequestBody   JSON of another shape than expected
├── TooManyInstances
├── InvalidInstances     values that the model cannot use
├── NoFiniteAnswer       values so extreme that the model has no number for them
├── TooManyLabels
├── InvalidLabels        labels that cannot be of this model, or of any prediction
├── AnswerTooLarge
├── NotTrained           a model that has a definition, but nothing was promoted yet
└── UnknownVersion       another version than the one that is served
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from refrain.errors import BrokenVersion, RefrainError, StorageError, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Problem

CONTENT_TYPE = "application/problem+json"
MOST_LISTED = 100
MOST_SHOWN = 200


class Refused(RefrainError):
    """Base of what is the caller's to change; the sentence is shown to the caller."""


class NoSuchPath(Refused):
    """No route has this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"there is nothing at {shortened(path)}; /openapi.json describes what there is")


class MethodNotAllowed(Refused):
    """The path is known, the method is not; `allowed` are the known ones."""

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"{method} is not possible here, but {', '.join(allowed)}")


class WrongContentType(Refused):
    """The body is said to be something else than JSON in UTF-8."""

    def __init__(self, found: str) -> None:
        super().__init__(f"expected application/json in UTF-8, got {shortened(found)}")


class BinaryTensors(Refused):
    """The binary tensor extension is not spoken here."""

    def __init__(self) -> None:
        super().__init__("binary tensors are not supported: send the data as JSON (tritonclient: binary_data=False)")


class NoTensors(Refused):
    """A recommender is asked with lists, which are no tensors."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} recommends, and is asked by POST /v1/models/{model}:predict")


class NoLabels(Refused):
    """What is chosen after a recommendation is known from the plays."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} recommends, and learns what was chosen from its uploads: upload plays, not labels")


class BodyTooLarge(Refused):
    """More bytes than Lambda takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the body is larger than {most} bytes: send fewer instances at once")


class NotJson(Refused):
    """The body cannot be parsed."""


class InvalidRequestBody(Refused):
    """JSON of another shape than expected; the sentence says where and what was expected."""


class TooManyInstances(Refused):
    """More instances than one request may hold."""

    def __init__(self, found: int, most: int) -> None:
        super().__init__(f"expected at most {most} instances, got {found}")


class InvalidInstances(Refused):
    """Values that the model cannot use; `problems` has them all."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        which = "one value" if len(problems) == 1 else f"{len(problems)} values"
        listed = f"; the first {MOST_LISTED} are listed" if len(problems) > MOST_LISTED else ""
        super().__init__(f"{which} cannot be used{listed}")


class TooManyLabels(Refused):
    """More labels than one request may hold."""

    def __init__(self, found: int, most: int) -> None:
        super().__init__(f"expected at most {most} labels, got {found}")


@dataclass(frozen=True)
class LabelProblem:
    """What is wrong with one label of a request: its place (from 0), the field (None: all of it) and its value."""

    index: int
    field: str | None
    value: object
    reason: str


class InvalidLabels(Refused):
    """Labels that cannot be used; `problems` has them all, and nothing of the request was kept."""

    def __init__(self, problems: Sequence[LabelProblem]) -> None:
        self.problems = problems
        which = "one label" if len({each.index for each in problems}) == 1 else "several labels"
        listed = f"; the first {MOST_LISTED} problems are listed" if len(problems) > MOST_LISTED else ""
        super().__init__(f"{which} cannot be used, and none of them was kept{listed}")


class NoFiniteAnswer(InvalidInstances):
    """The graph overflowed: the numbers are too large for this model."""


class AnswerTooLarge(Refused):
    """More bytes than Lambda gives."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the answer is larger than {most} bytes: send fewer instances at once")


class NotTrained(Refused):
    """The model has a definition, and no version in service yet."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} has no version in service yet: upload data and run its retraining")


class UnknownVersion(Refused):
    """Another version than the one that is served."""

    def __init__(self, model: str, version: str, served: str) -> None:
        super().__init__(f"{model} is served in version {served}, not {shortened(version)}")


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
        "detail": _INSIDE.get(code) or shortened(str(error), 2 * MOST_SHOWN),
    }
    if isinstance(error, InvalidInstances):
        document["problems"] = [described(problem) for problem in error.problems[:MOST_LISTED]]
    if isinstance(error, InvalidLabels):
        document["problems"] = [_described_label(problem) for problem in error.problems[:MOST_LISTED]]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        document["request_id"] = request_id
    return document


def described(problem: Problem) -> dict[str, object]:
    """Write one problem; `column` is null where it is the whole instance that cannot be used."""
    return {
        "instance": problem.row,
        "column": problem.column or None,
        "value": shown(problem.value),
        "reason": shortened(problem.reason, 2 * MOST_SHOWN),
    }


def _described_label(problem: LabelProblem) -> dict[str, object]:
    return {
        "index": problem.index,
        "field": problem.field and shortened(problem.field),
        "value": shown(problem.value),
        "reason": shortened(problem.reason, 2 * MOST_SHOWN),
    }


def shown(value: object) -> object:
    """Return what of a JSON value can be sent back: scalars, shortened; of a list or an object only its size."""
    if isinstance(value, str):
        return shortened(value)
    if isinstance(value, list | dict):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a very large whole number"
    return None if value in (float("inf"), float("-inf")) else value


def shortened(text: str, most: int = MOST_SHOWN) -> str:
    """Cut a long text.

    >>> shortened("workclass", 6)
    'workc…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"
