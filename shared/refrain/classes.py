"""Classes of a target: the one way to write them as text, for a column of any type, and to read an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Column
    from refrain.arrays import Floats


def class_labels(column: Column, target: Array) -> Array:
    """Write a typed target column (without missing values) as an object array of class labels.

    A number is the shortest text that reads back as it.

    >>> from preprocessing import Column
    >>> class_labels(Column("y", "number"), np.array([1.0, 2.5, 0.1])).tolist()
    ['1', '2.5', '0.1']
    """
    if column.kind == "category":
        return target
    if column.kind == "boolean":
        return objects(["true" if value else "false" for value in target])
    return objects([str(int(value)) if value.is_integer() else repr(value) for value in target.tolist()])


def class_numbers(labels: Array, classes: Sequence[str]) -> NDArray[np.int64]:
    """Turn labels into their indexes in `classes`."""
    indexes = {label: index for index, label in enumerate(classes)}
    return np.fromiter((indexes[label] for label in labels), np.int64, len(labels))


def likeliest(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the class that a model answers with: the most probable one, the first among equals."""
    return np.argmax(probabilities, axis=1)


def aligned(answers: Floats, own_classes: Sequence[str], classes: Sequence[str]) -> Floats:
    """Order answers [rows, own classes] by `classes`; a class that the model does not know gets probability 0.

    >>> aligned(np.array([[0.4, 0.6]]), ["a", "c"], ["a", "b", "c"]).tolist()
    [[0.4, 0.0, 0.6]]
    """
    if not classes:
        return answers
    indexes = {label: index for index, label in enumerate(classes)}
    wide = np.zeros((len(answers), len(classes)))
    wide[:, [indexes[label] for label in own_classes]] = answers
    return wide
