"""Fit the recipe of a judged version once more, on all rows of the run: what serves has learned the newest ones too.

How far it may lie from its judged twin is found one step back: the recipe is fitted on the older part of the training
rows, and answers the newer part. The twin learned that part and this model did not, as the refitted model learned the
holdout and the twin did not. So models that know rows by heart, and rows that change with time, are treated alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import aligned
from refrain.lake.packed_columns import join_rows, select_rows
from refrain.lake.snapshot import read_candidate_answers, write_refit_answers
from refrain.statistics.hashing import row_hashes
from refrain.training.tabular_fit import fit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.version import Manifest
    from refrain.training.fitted_candidate import FittedCandidate

MAX_COMPARED_ROWS = 20_000
"""So many rows tell how far two models lie apart."""


def refit_tabular(
    store: Store, definition: Definition, candidate: Candidate, twin: Manifest, training: Columns, holdout: Columns
) -> FittedCandidate:
    """Fit a pipeline on all rows, export and profile it; its answers to all rows are written, for their proof.

    Its `fit_seconds` are those of both fits. Raises `CandidateRefused`, also where the recipe cannot be fitted one step
    back.
    """
    back, seconds = answer_one_step_back(definition, candidate, training, twin.classes or ())
    rows = fit_rows(definition, candidate, join_rows(training, holdout))
    write_refit_answers(store, twin.model, twin.run, candidate.name, rows.answer_learned())
    judged = read_candidate_answers(store, twin.model, twin.run, candidate.name)["answers"]
    profiled = aligned(judged, twin.classes or (), rows.fitted.classes or ())
    refitted = rows.describe(holdout, profiled, back, rows.learn_familiar(), twin.calibrated, twin.rule)
    return replace(refitted, positive=twin.positive, fit_seconds=seconds + refitted.fit_seconds)  # figures: the twin's


def answer_one_step_back(
    definition: Definition, candidate: Candidate, training: Columns, classes: tuple[str, ...]
) -> tuple[dict[str, Array], float]:
    """Fit the recipe on the older part of the training rows: its answers to `rows` of the newer part, by `classes`.

    The seconds of the fit come second.
    """
    newer = mark_newer(definition, training)
    rows = np.flatnonzero(newer)
    rows = rows[:: -(-len(rows) // MAX_COMPARED_ROWS)]
    older = fit_rows(definition, candidate, select_rows(training, ~newer))
    answers = older.answer({name: training[name][rows] for name in definition.inputs})
    return {"rows": rows, "answers": aligned(answers, older.fitted.classes or (), classes)}, older.seconds


def mark_newer(definition: Definition, training: Columns) -> NDArray[np.bool_]:
    """Mark the share of the training rows that the run's split would hold out of them; at most one group is cut."""
    rules = definition.training
    rows = len(training[definition.target])
    order = np.arange(rows)
    if rules.split == "time":
        order = np.argsort(training[definition.time], kind="stable")
    elif rules.split == "hash":
        order = np.random.default_rng(0).permutation(rows)
    if rules.group:
        order = _by_group(row_hashes(training, (rules.group,)), order)
    newer = np.zeros(rows, bool)
    newer[order[rows - max(1, round(rows * rules.holdout)) :]] = True
    return newer


def _by_group(groups: NDArray[np.uint64], order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Order rows by the first row of their group."""
    ids, member = np.unique(groups, return_inverse=True)
    first, rank = np.full(len(ids), len(order)), np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    np.minimum.at(first, member, rank)
    return np.argsort(first[member], kind="stable")
