"""What a version saw in training and answers on the holdout: what later data is held against.

Numbers, booleans, times (days since 1970) and derived features as the model gets them; categories as they are. Numbers
are counted in `bins` (see `refrain.statistics.bins`) and, where the order of the rows means something, it is told
how much they moved while the training rows were gathered (`movement`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.bins import Places, bins, category_cells, kept_apart, movement, number_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

QUANTILES = np.linspace(0, 1, 21)
MOST_COUNTED = 200
"""Values of a category that are counted apart; the rows of rarer ones are counted together, under `other`."""

ROUNDING = 1e-5
"""What the pipeline answered and what the graph answers to the same row may differ by a little."""


def make_baseline(
    definition: Definition,
    columns: Columns,
    matrix: NDArray[np.float32],
    classes: Sequence[str] | None,
    answers: NDArray[np.float64],
    holdout: Columns | None = None,
) -> dict[str, object]:
    """Describe training rows (columns, and their matrix) and holdout answers [rows, classes] or [rows, 1].

    `holdout` are the columns of the rows that were answered: by them it is known in which order they happened.
    """
    order = _order(definition, columns)
    features: dict[str, object] = {}
    for place, name in enumerate(definition.features):
        is_category = name in definition.columns and definition.columns[name].kind == "category"
        features[name] = (
            profile_category(columns[name], order) if is_category else profile_number(matrix[:, place], order)
        )
    answered = None if holdout is None else _order(definition, holdout)
    return {"rows": len(matrix), "features": features, "predictions": predictions(classes, answers, answered)}


def _order(definition: Definition, columns: Columns) -> Places | None:
    """Return the rows in the order in which they happened; None when their order means nothing."""
    if definition.time:
        return np.argsort(columns[definition.time], kind="stable")
    if definition.training.split == "upload":
        return np.arange(len(next(iter(columns.values()))))
    return None


def profile_number(values: Array, order: Places | None = None, blur: float = 0.0) -> dict[str, object]:
    """Describe numbers; `missing` is a share, quantiles are at 0, 5, ... 100 %. `order` is that in which they happened.

    >>> found = profile_number(np.array([1.0, 3.0, np.nan, np.nan]))
    >>> found["mean"], found["std"], found["missing"]
    (2.0, 1.0, 0.5)
    """
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return {
            "type": "number",
            **dict.fromkeys(("min", "max", "mean", "std")),
            "missing": 1.0,
            "quantiles": [],
            "bins": {"edges": [], "counts": [0]},
        }
    counted = bins(known, blur)
    described: dict[str, object] = {
        "type": "number",
        "min": float(known.min()),
        "max": float(known.max()),
        "mean": float(known.mean()),
        "std": float(known.std()),
        "missing": 1 - len(known) / len(values),
        "quantiles": np.quantile(known, QUANTILES).tolist(),
        "bins": counted,
    }
    return described | _moved(None if order is None else number_cells(values[order], counted["edges"]))


def profile_category(values: Array, order: Places | None = None) -> dict[str, object]:
    """Count the values of a category, the most frequent first; `once` is how many values occur in one row only.

    >>> profile_category(np.array(["a", None, "b", "b"], dtype=object))
    {'type': 'category', 'counts': {'b': 2, 'a': 1}, 'other': 0, 'once': 1, 'missing': 0.25}
    """
    counts = Counter(value for value in values if value is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    described: dict[str, object] = {
        "type": "category",
        "counts": dict(ordered[:MOST_COUNTED]),
        "other": sum(rows for _, rows in ordered[MOST_COUNTED:]),
        "once": sum(1 for _, rows in ordered if rows == 1),
        "missing": 1 - counts.total() / len(values),
    }
    if order is None:
        return described
    return described | _moved(category_cells(values[order], kept_apart(counts, len(values))))


def _moved(cells: Places | None) -> dict[str, object]:
    found = [] if cells is None else movement(cells)
    return {"movement": found} if found else {}


def predictions(
    classes: Sequence[str] | None, answers: NDArray[np.float64], order: Places | None = None
) -> dict[str, object]:
    """Describe answers: of each class the share of rows that got it, and its probabilities; or the values."""
    if classes is None:
        return {"rows": len(answers), **profile_number(answers[:, 0], order, ROUNDING * float(answers.std()))}
    labels = np.bincount(answers.argmax(axis=1), minlength=len(classes)) / len(answers)
    return {
        "rows": len(answers),
        "type": "classes",
        "labels": dict(zip(classes, labels.tolist(), strict=True)),
        "probabilities": {
            name: profile_number(answers[:, place], order, ROUNDING) for place, name in enumerate(classes)
        },
    }
