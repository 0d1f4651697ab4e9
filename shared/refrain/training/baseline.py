"""What a version saw in training and answers on the holdout: what later data is held against.

Numbers, booleans, times (days since 1970) and derived features as the model gets them; categories as they are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

QUANTILES = np.linspace(0, 1, 21)
MOST_COUNTED = 200
"""Values of a category that are counted apart; the rows of rarer ones are counted together, under `other`."""


def make_baseline(
    definition: Definition,
    columns: Columns,
    matrix: NDArray[np.float32],
    classes: Sequence[str] | None,
    answers: NDArray[np.float64],
) -> dict[str, object]:
    """Describe training rows (columns, and their matrix) and holdout answers [rows, classes] or [rows, 1]."""
    features: dict[str, object] = {}
    for place, name in enumerate(definition.features):
        is_category = name in definition.columns and definition.columns[name].kind == "category"
        features[name] = category(columns[name]) if is_category else number(matrix[:, place])
    return {"rows": len(matrix), "features": features, "predictions": predictions(classes, answers)}


def number(values: Array) -> dict[str, object]:
    """Describe numbers; `missing` is a share, quantiles are at 0, 5, ... 100 %.

    >>> found = number(np.array([1.0, 3.0, np.nan, np.nan]))
    >>> found["mean"], found["std"], found["missing"]
    (2.0, 1.0, 0.5)
    """
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return {"type": "number", "min": None, "max": None, "mean": None, "std": None, "missing": 1.0, "quantiles": []}
    return {
        "type": "number",
        "min": float(known.min()),
        "max": float(known.max()),
        "mean": float(known.mean()),
        "std": float(known.std()),
        "missing": 1 - len(known) / len(values),
        "quantiles": np.quantile(known, QUANTILES).tolist(),
    }


def category(values: Array) -> dict[str, object]:
    """Count the values of a category, the most frequent first.

    >>> category(np.array(["a", None, "b", "b"], dtype=object))
    {'type': 'category', 'counts': {'b': 2, 'a': 1}, 'other': 0, 'missing': 0.25}
    """
    counts = Counter(value for value in values if value is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {
        "type": "category",
        "counts": dict(ordered[:MOST_COUNTED]),
        "other": sum(rows for _, rows in ordered[MOST_COUNTED:]),
        "missing": 1 - counts.total() / len(values),
    }


def predictions(classes: Sequence[str] | None, answers: NDArray[np.float64]) -> dict[str, object]:
    """Describe answers: of each class the share of rows that got it, and its probabilities; or the values."""
    if classes is None:
        return {"rows": len(answers), **number(answers[:, 0])}
    labels = np.bincount(answers.argmax(axis=1), minlength=len(classes)) / len(answers)
    return {
        "rows": len(answers),
        "type": "classes",
        "labels": dict(zip(classes, labels.tolist(), strict=True)),
        "probabilities": {name: number(answers[:, place]) for place, name in enumerate(classes)},
    }
