"""Checks of the split: whether the holdout holds what training has seen already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.checks.target_relation import likeness
from refrain.lake.method_checks import Finding
from refrain.statistics.hashing import row_hashes
from refrain.words import share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from refrain.checks.checked_rows import CheckedRows

    type Hashes = NDArray[np.uint64]

MIN_COPIED_SHARE = 0.02
MIN_COPIED_ROWS = 5
MIN_AGREEMENT = 0.8
"""Of pairs of rows that agree in all columns but one, so many agree in that one too where rows are copies."""

MAX_CHANCE_SHARE = 0.01
MIN_ENTITIES = 30
MAX_ENTITY_ROWS = 200
MIN_SHARED_ROWS = 0.2
MIN_LIKENESS = 0.1
MAX_DEVIATIONS = 4
MAX_OVERLAP = 0.01


def find_copies(rows: CheckedRows) -> Iterator[Finding]:
    """Find rows that are there twice, but for their key and other columns that name the row.

    In a table of few values, rows are equal by chance. Then pairs that agree in all columns but one often differ in it.
    """
    columns = [name for name in rows.definition.columns if name not in rows.definition.key and name not in rows.id_like]
    if not columns:
        return
    sides = (rows.train, rows.holdout)
    hashes = [np.concatenate([row_hashes({name: side[name]}, [name]) for side in sides]) for name in columns]
    whole = np.sum(hashes, axis=0, dtype=np.uint64)
    train, holdout = np.split(whole, [len(rows.train.positions)])
    _, copies = np.unique(train, return_counts=True)
    repeated = min(1.0, float((copies - 1).sum()) / len(train) / rows.train.share)
    seen = int(np.isin(holdout, train).sum())
    shared = min(1.0, seen / len(holdout) / rows.train.share)
    enough = seen + (copies - 1).sum() >= MIN_COPIED_ROWS
    if enough and max(repeated, shared) >= MIN_COPIED_SHARE and _are_no_chance(hashes, whole):
        yield Finding.of(
            "copies",
            f"{share(repeated)} of the training rows are copies of others, and {share(shared)} of the holdout rows "
            'are copies of training rows, so the figures are too good. Upload rows once, or set a "key".',
        )


def _are_no_chance(hashes: list[Hashes], whole: Hashes) -> bool:
    """Tell whether rows agree that would not by chance: too often, and in every column."""
    pairs, possible = _equal_pairs(whole), len(whole) ** 2 / 2
    by_chance = possible * float(np.prod([_equal_pairs(column) / possible for column in hashes]))
    if by_chance > MAX_CHANCE_SHARE * pairs:
        return False
    return all(pairs >= MIN_AGREEMENT * _equal_pairs(whole - column) for column in hashes)


def _equal_pairs(hashes: Hashes) -> float:
    _, counts = np.unique(hashes, return_counts=True)
    return float((counts * (counts - 1.0)).sum()) / 2


def find_entities_on_both_sides(rows: CheckedRows) -> Iterator[Finding]:
    """Find a column that names what several rows are about, where a hash puts rows of one on both sides.

    Split by time or by upload, an entity may be on both sides, as it is in service.
    """
    definition = rows.definition
    if definition.training.split != "hash":
        return
    for name, column in definition.columns.items():
        names_rows = name in definition.key or (column.kind == "category" and not column.feature)
        if not names_rows or column.kind == "time" or name == definition.target:
            continue
        train, holdout = (row_hashes(side.whole, [name]) for side in (rows.train, rows.holdout))
        both = float(np.isin(holdout, train).mean())
        if both >= MIN_SHARED_ROWS and _are_entities(train, rows):
            yield Finding.of(
                "entity_on_both_sides",
                f"{share(both)} of the holdout rows have a {name} that training rows have too, and rows of one {name} "
                f'are alike in {definition.target}. The model may know them by heart: set training.group = "{name}".',
                name,
            )


def _are_entities(names: Hashes, rows: CheckedRows) -> bool:
    distinct, groups = np.unique(names, return_inverse=True)
    if len(distinct) < MIN_ENTITIES or len(names) > MAX_ENTITY_ROWS * len(distinct):
        return False
    alike, deviation = likeness(groups, rows.train_truth, len(rows.classes))
    return alike >= max(MIN_LIKENESS, MAX_DEVIATIONS * deviation)


def find_time_overlap(rows: CheckedRows) -> Iterator[Finding]:
    """Find training rows that are later than the holdout begins."""
    time = rows.definition.time
    if not time:
        return
    first = np.sort(rows.holdout[time])[len(rows.holdout.positions) // 100]  # a few early ones are no overlap
    later = float((rows.train[time] > first).mean())
    if later > MAX_OVERLAP:
        yield Finding.of(
            "time_overlap",
            f"{share(later)} of the training rows are later than the holdout begins, so the model learned from what "
            'was to come. In service it cannot: set training.split = "time".',
            time,
        )
