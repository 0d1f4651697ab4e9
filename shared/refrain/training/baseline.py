"""Profiles of the training rows and of the answers to the holdout, which later data is held against.

Numbers, booleans, times (days since 1970) and derived features are profiled as the model gets them, categories as they
are, and texts by their length. Where the order of the rows means something, a profile also says how much its shares
moved over the training rows.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encode import is_coded
from refrain.lake.feature_profile import AnswerProfile, BinCounts, CategoryProfile, Movement, NumberProfile, Profile
from refrain.lake.version import Baseline
from refrain.statistics.bins import bin_numbers, category_cells, far_edges, frequent_categories, number_cells
from refrain.statistics.design_effect import block_movements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.statistics.bins import Cells

QUANTILES = np.linspace(0, 1, 21)
MAX_COUNTED_VALUES = 200
"""The most frequent values of a category that are counted one by one."""

MIN_FOLLOWING_ROWS = 30
CALENDAR_CORRELATION = 0.95
"""A feature whose ranks are correlated so much with those of time is moved by the calendar."""

ROUNDING = 1e-5
"""The graph may answer a row a little differently than the pipeline that it was exported from."""


def make_baseline(
    definition: Definition,
    columns: Columns,
    matrix: NDArray[np.float32],
    classes: Sequence[str] | None,
    answers: NDArray[np.float64],
    holdout: Columns | None = None,
) -> Baseline:
    """Profile training rows (columns, and their matrix) and the answers [rows, classes] or [rows, 1] to the holdout.

    The columns of the `holdout` tell in which order the answered rows happened.
    """
    order = _order_of_events(definition, columns)
    categories = {name for name, column in definition.columns.items() if is_coded(column)}
    features: dict[str, Profile] = {
        name: profile_category(columns[name], order) if name in categories else profile_number(matrix[:, index], order)
        for index, name in enumerate(definition.features)
    }
    holdout_order = None if holdout is None else _order_of_events(definition, holdout)
    profiled = profile_answers(classes, answers, holdout_order)
    calendar = _calendar_features(definition, columns, matrix) if definition.time else ()
    return Baseline(len(matrix), features, profiled, calendar=calendar)


def _order_of_events(definition: Definition, columns: Columns) -> Cells | None:
    """Return the rows in the order in which they happened; None when their order means nothing."""
    if definition.time:
        return np.argsort(columns[definition.time], kind="stable")
    if definition.training.split == "upload":
        return np.arange(len(next(iter(columns.values()))))
    return None


def cells_of(profile: Profile, values: Array, rows: int) -> Cells:
    """Return each value's cell in a profile of so many rows."""
    if isinstance(profile, NumberProfile):
        return number_cells(values, profile.edges)
    return category_cells(values, frequent_categories(profile.counts, rows))


def _calendar_features(definition: Definition, columns: Columns, matrix: NDArray[np.float32]) -> tuple[str, ...]:
    """Name the features whose ranks follow those of time, forwards or backwards."""
    times = columns[definition.time]
    return tuple(name for index, name in enumerate(definition.features) if _follows(matrix[:, index], times))


def _follows(values: Array, times: Array) -> bool:
    present = ~(np.isnan(values) | np.isnat(times))
    ranks = [np.unique(side[present], return_inverse=True)[1] for side in (values, times)]
    if present.sum() < MIN_FOLLOWING_ROWS or any(np.ptp(side) == 0 for side in ranks):
        return False
    standard = [(side - side.mean()) / side.std() for side in ranks]
    return bool(abs((standard[0] * standard[1]).mean()) >= CALENDAR_CORRELATION)


def profile_number(values: Array, order: Cells | None = None, blur: float = 0.0) -> NumberProfile:
    """Profile numbers; `order` has the rows as they happened, and numbers that differ by less than `blur` are the same.

    >>> profile = profile_number(np.array([1.0, 3.0, np.nan, np.nan]))
    >>> profile.mean, profile.std, profile.missing
    (2.0, 1.0, 0.5)
    """
    present = values[~np.isnan(values)].astype(np.float64)
    if not len(present):
        return NumberProfile(None, None, None, None, 1.0, [], BinCounts([], [0]))
    counts, limits = BinCounts(*bin_numbers(present, blur)), far_edges(present)
    far = np.bincount(number_cells(present, limits), minlength=3).tolist()
    return NumberProfile(
        min=float(present.min()),
        max=float(present.max()),
        mean=float(present.mean()),
        std=float(present.std()),
        missing=1 - len(present) / len(values),
        quantiles=np.quantile(present, QUANTILES).tolist(),
        bins=counts,
        movement=None if order is None else _movement(number_cells(values[order], counts.edges)),
        far=BinCounts(limits, far) if limits else None,
    )


def profile_category(values: Array, order: Cells | None = None) -> CategoryProfile:
    """Count the values of a category, the most frequent first; `order` has the rows as they happened.

    >>> profile = profile_category(np.array(["a", None, "b", "b"], dtype=object))
    >>> profile.counts, profile.once, profile.missing
    ({'b': 2, 'a': 1}, 1, 0.25)
    """
    counts = Counter(value for value in values if value is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    frequent = frequent_categories(counts, len(values))
    return CategoryProfile(
        counts=dict(ordered[:MAX_COUNTED_VALUES]),
        other=sum(rows for _, rows in ordered[MAX_COUNTED_VALUES:]),
        once=sum(1 for _, rows in ordered if rows == 1),
        missing=1 - counts.total() / len(values),
        movement=None if order is None else _movement(category_cells(values[order], frequent)),
    )


def _movement(cells: Cells) -> list[Movement] | None:
    return [Movement(rows, effect.ratio, effect.freedom) for rows, effect in block_movements(cells)] or None


def profile_answers(
    classes: Sequence[str] | None, answers: NDArray[np.float64], order: Cells | None = None
) -> AnswerProfile:
    """Profile answers: the share of rows with each predicted label and the probabilities of each class, or the values.

    >>> profile_answers(["no", "yes"], np.array([[0.9, 0.1], [0.6, 0.4]])).labels
    {'no': 1.0, 'yes': 0.0}
    """
    if classes is None:
        values = profile_number(answers[:, 0], order, ROUNDING * float(answers.std()))
        return AnswerProfile(len(answers), values=values)
    labels = np.bincount(answers.argmax(axis=1), minlength=len(classes)) / len(answers)
    return AnswerProfile(
        len(answers),
        labels=dict(zip(classes, labels.tolist(), strict=True)),
        probabilities={name: profile_number(answers[:, index], order, ROUNDING) for index, name in enumerate(classes)},
    )
