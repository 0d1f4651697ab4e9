"""The reasons to refuse a request. The caller can change each of them, and sees its sentence.

Refused                  a request that cannot be answered, for a reason that lies in the request
├── NoSuchPath
├── MethodNotAllowed
├── WrongContentType
├── BinaryTensors        the binary extension of the Open Inference Protocol
├── NoTensors            a recommender, asked by the Open Inference Protocol
├── NoLabels             labels for a recommender
├── BodyTooLarge
├── NotJson
├── InvalidRequestBody   JSON of another shape than expected
├── UnknownColumns       names of no column, where the definition is strict
├── TooManyInstances
├── InvalidInstances     values that the model cannot use
│   └── NoFiniteAnswer   values so extreme that the model has no number for them
├── TooManyLabels
├── InvalidLabels        labels that do not fit this model, or no prediction at all
├── AnswerTooLarge
├── NotTrained           a model that has a definition, and no version in service yet
└── UnknownVersion       another version than the one in service
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from refrain.errors import RefrainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Problem

MAX_LISTED_PROBLEMS = 100
MAX_TEXT_LENGTH = 200


def shorten_text(text: str, length: int = MAX_TEXT_LENGTH) -> str:
    """Cut a long text.

    >>> shorten_text("workclass", 6)
    'workc…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"


class Refused(RefrainError):
    """Base of the refusals: the caller sees the sentence, and the `problems` that are listed with it."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_request"
    public = None

    @property
    def problems(self) -> list[dict[str, object]]:
        """The single problems, as the caller sees them."""
        return []


class NoSuchPath(Refused):
    """No route has this path."""

    status = HTTPStatus.NOT_FOUND
    code = "no_such_path"

    def __init__(self, path: str) -> None:
        super().__init__(f"there is nothing at {shorten_text(path)}; /openapi.json lists all paths")


class MethodNotAllowed(Refused):
    """The path exists, but not with this method; `allowed` are its methods."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"{method} is not allowed here; use {' or '.join(allowed)}")


class WrongContentType(Refused):
    """The body claims to be something else than JSON in UTF-8."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "wrong_content_type"

    def __init__(self, content_type: str) -> None:
        super().__init__(f"expected application/json in UTF-8, got {shorten_text(content_type)}")


class BinaryTensors(Refused):
    """The request uses the binary tensor extension."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "binary_tensors"

    def __init__(self) -> None:
        super().__init__("binary tensors are not supported: send the data as JSON (tritonclient: binary_data=False)")


class NoTensors(Refused):
    """A recommender takes and gives lists, which do not fit into tensors."""

    code = "no_tensors"

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is a recommender: ask it by POST /v1/models/{model}:predict")


class NoLabels(Refused):
    """A recommender learns from interactions what its users chose."""

    code = "no_labels"

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is a recommender: upload interactions instead of labels")


class BodyTooLarge(Refused):
    """The request has more bytes than Lambda takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes: send fewer instances at once")


class NotJson(Refused):
    """The body cannot be parsed."""

    code = "not_json"


class InvalidRequestBody(Refused):
    """JSON of another shape than expected; the sentence names the field and what was expected."""


class UnknownColumns(Refused):
    """A name is no column, and the definition says `strict = true`."""

    code = "unknown_columns"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"no columns of this model: {', '.join(names)}")


class TooManyInstances(Refused):
    """More instances than one request may hold."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_many_instances"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"expected at most {limit} instances, got {count}")


class InvalidInstances(Refused):
    """Values that the model cannot use."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_instances"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._problems = problems
        count = "one value" if len(problems) == 1 else f"{len(problems)} values"
        super().__init__(f"{count} cannot be used{_listed(problems, '')}")

    @property
    def problems(self) -> list[dict[str, object]]:
        """The first values; `column` is null where the whole instance cannot be used."""
        return [
            {"instance": problem.row, "column": problem.column or None, **_value_and_reason(problem)}
            for problem in self._problems[:MAX_LISTED_PROBLEMS]
        ]


class NoFiniteAnswer(InvalidInstances):
    """The graph overflowed: the numbers are too large for this model."""

    code = "no_finite_answer"


class TooManyLabels(Refused):
    """More labels than one request may hold."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_many_labels"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"expected at most {limit} labels, got {count}")


@dataclass(frozen=True)
class LabelProblem:
    """A problem with one label of a request: its index (from 0), its field (None: the whole label) and its value."""

    index: int
    field: str | None
    value: object
    reason: str


class InvalidLabels(Refused):
    """Labels that cannot be used; nothing of the request is kept."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_labels"

    def __init__(self, problems: Sequence[LabelProblem]) -> None:
        self._problems = problems
        count = "one label" if len({problem.index for problem in problems}) == 1 else "several labels"
        super().__init__(f"{count} cannot be used, and none was kept{_listed(problems, ' problems')}")

    @property
    def problems(self) -> list[dict[str, object]]:
        """The first problems; `field` is null where the whole label cannot be used."""
        return [
            {
                "index": problem.index,
                "field": problem.field and shorten_text(problem.field),
                **_value_and_reason(problem),
            }
            for problem in self._problems[:MAX_LISTED_PROBLEMS]
        ]


class AnswerTooLarge(Refused):
    """The answer has more bytes than Lambda gives."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "answer_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is larger than {limit} bytes: send fewer instances at once")


class NotTrained(Refused):
    """The model has a definition, and no version in service yet."""

    status = HTTPStatus.NOT_FOUND
    code = "not_trained"

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} has no version in service yet: upload data and run its retraining")


class UnknownVersion(Refused):
    """Another version than the one in service."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown_version"

    def __init__(self, model: str, version: str, served: str) -> None:
        super().__init__(f"{model} is served in version {served}, not {shorten_text(version)}")


def _listed(problems: Sequence[object], noun: str) -> str:
    limit = MAX_LISTED_PROBLEMS
    return f"; the first {limit}{noun} are listed" if len(problems) > limit else ""


def _value_and_reason(problem: Problem | LabelProblem) -> dict[str, object]:
    return {"value": safe_json(problem.value), "reason": shorten_text(problem.reason, 2 * MAX_TEXT_LENGTH)}


def safe_json(value: object) -> object:
    """Return what may be sent back of a JSON value: scalars, shortened, and only the size of a list or an object."""
    if isinstance(value, str):
        return shorten_text(value)
    if isinstance(value, list | dict):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a very large whole number"
    return None if value in (float("inf"), float("-inf")) else value
