"""Compare on rows that neither the champion nor a candidate has learned from, and find what stands for the champion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.compared_counts import ComparedCounts
from refrain.lake.learned_rows import are_enough, is_among, mark_learned, read_row_hashes
from refrain.lake.recipe_again import AGAIN
from refrain.lake.version import IMPORTED, Manifest
from refrain.statistics.comparison import CHAMPION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.aws.storage import Store
    from refrain.evaluation.entrants import Entrant
    from refrain.evaluation.evaluated_model import EvaluatedModel, EvaluationKind, Holdout
    from refrain.lake.recipe_again import RecipeAgain
    from refrain.lake.snapshot import Snapshot

MIN_COMPARED = 20
"""Rows or users: by fewer nobody is compared."""


@dataclass(frozen=True)
class FairComparison:
    """Entrants and rows that can be compared: nobody has learned any of the rows, or `rows` says what was done instead.

    The answers of the champion's entrant are those of what stands for it; `in_service` has its own.
    """

    entrants: Mapping[str, Entrant]
    holdout: Holdout
    rows: ComparedCounts
    in_service: EvaluatedModel | None

    def own_answers(self) -> Floats:
        """Return the answers of the champion itself, for a trial is with it and not with what stood for it."""
        assert self.in_service is not None, "nobody is compared with a champion that cannot be asked"
        return self.in_service.answers_to(self.holdout)


def prepare_comparison(
    store: Store, snapshot: Snapshot, definition: Definition, kind: EvaluationKind, entrants: Mapping[str, Entrant]
) -> FairComparison:
    """Choose the rows to compare on, and put the champion's recipe into its place where that was planned."""
    champion = entrants.get(CHAMPION)
    taking_part = {name: entrant for name, entrant in entrants.items() if name != AGAIN}
    stand_in, why = None, ""
    if champion and champion.evaluated:
        stand_in, why = _find_stand_in(snapshot.again, champion, entrants)
    if champion and stand_in:
        taking_part[CHAMPION] = replace(champion, evaluated=stand_in.evaluated, judged=stand_in.version)
    holdout = kind.holdout([entrant.evaluated for entrant in taking_part.values() if entrant.evaluated])
    hashes = read_row_hashes(store, snapshot.model, snapshot.run, ["holdout"])
    copies = is_among(hashes, np.sort(read_row_hashes(store, snapshot.model, snapshot.run, ["train"])))
    by_heart = _mark_by_heart(store, definition, taking_part.get(IMPORTED), hashes)
    learned = by_heart.copy()
    if champion and champion.evaluated and not stand_in:
        manifest = Manifest.read(store, snapshot.model, champion.judged or champion.version)
        learned |= mark_learned(store, definition, manifest, hashes)
    if by_heart.any() and not _can_compare(holdout.truth[~by_heart]):
        imported = taking_part[IMPORTED]
        taking_part[IMPORTED] = replace(imported, evaluated=None, error="it has learned the rows that were held out")
    rows, left_out = _leave_out(holdout, *kind.left_out(learned, copies), by_heart, why)
    if left_out.any():
        holdout = holdout.within(np.flatnonzero(~left_out))
    if stand_in:
        rows = replace(rows, stand_in=stand_in.name)
    return FairComparison(taking_part, holdout, rows, champion.evaluated if champion else None)


def _find_stand_in(
    again: RecipeAgain | None, champion: Entrant, entrants: Mapping[str, Entrant]
) -> tuple[Entrant | None, str]:
    """Find the candidate that is the champion's recipe on the training rows of this run, or say why there is none."""
    if again is None or again.champion != (champion.judged or champion.version):
        return None, "it became the champion during the run"
    if again.candidate is None:
        return None, again.reason
    stand_in = entrants[again.candidate]
    evaluated = stand_in.evaluated
    if evaluated is None:
        return None, stand_in.error or "its recipe could not be measured"
    if not (evaluated.golden.holds and evaluated.parity and evaluated.parity.holds):
        return None, "its recipe, exported again, does not answer as it was trained"
    return stand_in, ""


def _mark_by_heart(
    store: Store, definition: Definition, imported: Entrant | None, hashes: NDArray[np.uint64]
) -> NDArray[np.bool_]:
    """Mark the rows that an imported version was proved on, which it may have learned."""
    if imported is None or imported.manifest is None:
        return np.zeros(len(hashes), bool)
    return mark_learned(store, definition, imported.manifest, hashes)


def _leave_out(
    holdout: Holdout, learned: NDArray[np.bool_], copies: NDArray[np.bool_], never: NDArray[np.bool_], why: str
) -> tuple[ComparedCounts, NDArray[np.bool_]]:
    """Leave out what was learned, and copies if enough is left. At worst the champion is favoured, and that is said.

    Rows that are `never` compared are those of an imported version, which is not favoured.
    """
    labels = holdout.truth if holdout.classes else None
    favoured = ""
    if are_enough(~(learned | copies), labels):
        left_out = learned | copies
    elif are_enough(~learned, labels) or _can_compare(holdout.truth[~learned]):
        left_out = learned
    else:
        left_out, favoured = never, why
    rows = ComparedCounts(
        rows=int((~left_out).sum()),
        learned=int((left_out & learned).sum()),
        copies=int((left_out & ~learned).sum()),
        favoured=favoured,
    )
    return rows, left_out


def _can_compare(truth: Truth) -> bool:
    return len(truth) >= MIN_COMPARED and bool((truth != truth[0]).any())
