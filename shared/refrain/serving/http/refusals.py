"""Why a request is refused: everything here is the caller's to change, and its sentence is shown to the caller.

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
from typing import TYPE_CHECKING

from refrain.errors import RefrainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Problem

MOST_LISTED = 100
MOST_SHOWN = 200


def shorten_text(text: str, most: int = MOST_SHOWN) -> str:
    """Cut a long text.

    >>> shorten_text("workclass", 6)
    'workc…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


class Refused(RefrainError):
    """Base of what is the caller's to change; the sentence is shown to the caller."""


class NoSuchPath(Refused):
    """No route has this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"there is nothing at {shorten_text(path)}; /openapi.json describes what there is")


class MethodNotAllowed(Refused):
    """The path is known, the method is not; `allowed` are the known ones."""

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"{method} is not possible here, but {', '.join(allowed)}")


class WrongContentType(Refused):
    """The body is said to be something else than JSON in UTF-8."""

    def __init__(self, found: str) -> None:
        super().__init__(f"expected application/json in UTF-8, got {shorten_text(found)}")


class BinaryTensors(Refused):
    """The binary tensor extension is not spoken here."""

    def __init__(self) -> None:
        super().__init__("binary tensors are not supported: send the data as JSON (tritonclient: binary_data=False)")


class NoTensors(Refused):
    """A recommender is asked with lists, which are no tensors."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} recommends, and is asked by POST /v1/models/{model}:predict")


class NoLabels(Refused):
    """A recommender learns from interactions, not from labels."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is a recommender and learns from its uploads: upload interactions, not labels")


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
        super().__init__(f"{model} is served in version {served}, not {shorten_text(version)}")
