"""Checks of the target: classes, values, and whether both sides of the split have the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.method_checks import Finding
from refrain.statistics.bins import bin_numbers, number_cells
from refrain.statistics.design_effect import INDEPENDENT
from refrain.statistics.homogeneity import compare_counts
from refrain.words import counted, figure, listed, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.checks.checked_rows import CheckedRows

MIN_CLASS_ROWS = 10
MAX_NAMED_CLASSES = 5
MAX_MAJORITY = 0.8
MIN_FREQUENT_SHARE = 0.02
MIN_FREQUENT_TIMES = 10
MIN_VALUES = 100
MIN_DRIFT = 0.1
"""The population stability index, less what chance gives, from which two samples differ visibly."""

MAX_CHANCE = 0.001


def find_rare_classes(rows: CheckedRows) -> Iterator[Finding]:
    """Find classes with too few rows on one side to be learned, or judged."""
    if not rows.classes:
        return
    held_out, learned = (
        np.bincount(truth.astype(np.int64), minlength=len(rows.classes))
        for truth in (rows.holdout_truth, rows.train_truth)
    )
    rare = np.flatnonzero(np.minimum(held_out, learned) < MIN_CLASS_ROWS)
    if len(rare):
        parts = [f"{rows.classes[number]} ({counted(int(held_out[number]))})" for number in rare[:MAX_NAMED_CLASSES]]
        parts += [f"{len(rare) - len(parts)} more"] if len(rare) > len(parts) else []
        yield Finding.of(
            "rare_class",
            f"Too few rows to learn and judge these classes by (rows of the holdout): {listed(parts)}. Gather at "
            f"least {MIN_CLASS_ROWS} on each side, or join classes with replace.",
            rows.definition.target,
        )


def find_flattering_accuracy(rows: CheckedRows) -> Iterator[Finding]:
    """Find an accuracy that answering always the same class reaches nearly."""
    if not rows.classes or rows.definition.training.metric != "accuracy":
        return
    counts = np.bincount(rows.holdout_truth.astype(np.int64))
    greatest = float(counts.max() / counts.sum())
    if greatest >= MAX_MAJORITY:
        yield Finding.of(
            "flattering_accuracy",
            f"{share(greatest)} of the holdout rows are {rows.classes[int(counts.argmax())]}, so an accuracy of "
            f"{figure(greatest)} needs no model. Decide by another metric, such as roc_auc.",
            rows.definition.target,
        )


def find_frequent_target(rows: CheckedRows) -> Iterator[Finding]:
    """Find a value that a regression's target has much too often: a limit, or a stand-in for missing values."""
    if rows.classes:
        return
    values, counts = np.unique(rows.train_truth, return_counts=True)
    top = np.sort(counts)[-2:]
    part = float(top[-1] / counts.sum())
    if len(values) >= MIN_VALUES and part >= MIN_FREQUENT_SHARE and top[-1] >= MIN_FREQUENT_TIMES * top[0]:
        yield Finding.of(
            "frequent_target",
            f"{rows.definition.target} is {values[counts.argmax()]:g} in {share(part)} of the training rows, "
            f"{counted(int(top[-1] // top[0]))} times as often as any other value. If it stands for a limit or for a "
            "missing value, leave these rows out.",
            rows.definition.target,
        )


def find_target_drift(rows: CheckedRows) -> Iterator[Finding]:
    """Find a target that is distributed otherwise in the holdout than in training."""
    train, holdout = rows.train_truth, rows.holdout_truth
    if rows.classes:
        before, after = (np.bincount(side.astype(np.int64), minlength=len(rows.classes)) for side in (train, holdout))
    else:
        edges, _ = bin_numbers(train)
        before, after = (np.bincount(number_cells(side, edges), minlength=len(edges) + 1) for side in (train, holdout))
    test = compare_counts(np.append(after, 0), np.append(before, 0), INDEPENDENT, 10_000, 0)
    if test.effect >= MIN_DRIFT and test.p <= MAX_CHANCE:
        yield Finding.of(
            "target_drift",
            f"{rows.definition.target} differs between training and holdout ({_difference(rows)}; population "
            f"stability index {figure(test.effect)}). The holdout judges for another time than was learned from: "
            "shorten training.window, or make training.holdout smaller.",
            rows.definition.target,
        )


def _difference(rows: CheckedRows) -> str:
    """Name what differs most: the share of a class, or the mean."""
    if not rows.classes:
        return f"mean {figure(float(rows.train_truth.mean()))} and {figure(float(rows.holdout_truth.mean()))}"
    before, after = (
        np.bincount(truth.astype(np.int64), minlength=len(rows.classes)) / len(truth)
        for truth in (rows.train_truth, rows.holdout_truth)
    )
    number = int(np.abs(after - before).argmax())
    return f"{rows.classes[number]}: {share(float(before[number]))} and {share(float(after[number]))}"
