"""What can be asked of a model that was fitted elsewhere, whatever it was stored as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from preprocessing import missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Columns, Vocabularies
    from refrain.arrays import Floats

UNSEEN_TEXT = "never seen in training"


@dataclass(frozen=True)
class ModelColumn:
    """A column that a model takes. `own` has the values of a category, as the model has them, by their texts.

    A category without any takes every text; the rows tell which occur.
    """

    name: str
    kind: Literal["number", "category"] = "number"
    own: Mapping[str, Any] = field(default_factory=dict)


class ModelSource(Protocol):
    """A model that was fitted elsewhere. `classes` are in the order of its answers, None for a regression."""

    estimator: str
    classes: tuple[str, ...] | None
    columns: Mapping[str, ModelColumn]

    def answers(self, columns: Columns) -> Floats:
        """Answer typed columns as the model itself does: probabilities [rows, classes], or values [rows, 1].

        Raises `CannotImport` for values that it does not take.
        """

    def graph(self, features: Sequence[str], vocabularies: Vocabularies) -> bytes:
        """Return a graph from the matrix of these features to the answers. Raises `CannotImport`."""


def one_value(column: ModelColumn, value: object, rows: int) -> Any:
    """Make a typed column that has the same value in every row; None is missing.

    >>> one_value(ModelColumn("age"), None, 2).tolist()
    [nan, nan]
    """
    values = missing(column.kind, rows)
    if value is not None:
        values[:] = value
    return values
