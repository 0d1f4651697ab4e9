"""Which recipe is fitted again on all rows: that of the winner, else that of the champion, so that it does not age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from refrain.lake.evaluation import REFUSALS
from refrain.lake.refit_outcome import RefitOutcome
from refrain.lake.version import version_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Definition
    from refrain.lake.evaluation import Figures, GateDecision
    from refrain.lake.snapshot import Snapshot
    from refrain.lake.version import Manifest


def plan_refit(
    snapshot: Snapshot,
    definition: Definition,
    decision: GateDecision,
    champion: Manifest | None,
    candidates: Sequence[Figures],
) -> RefitOutcome | None:
    """Say what is fitted again, or why nothing is; None where nothing is in service and nothing will be.

    A run that compares an imported version fits nothing: how it was fitted is not known.
    """
    if snapshot.imported:
        return None
    if decision.promote:
        chosen = next(verdict.name for verdict in decision.verdicts if verdict.version == decision.version)
        return _wanted("promote", snapshot.run, chosen)
    if champion is None:
        return None
    recipe = champion.candidate
    if champion.judged and champion.snapshot.digest == snapshot.digest:
        return RefitOutcome("refresh", "nothing_new", "The champion has learned all of these rows already.")
    if not champion.has_recipe_in(definition):
        reason = f"The champion is not refreshed: the definition no longer has its recipe, {recipe}."
        return RefitOutcome("refresh", "recipe_gone", reason)
    verdict = next(item for item in decision.verdicts if item.name == recipe)
    if verdict.code in REFUSALS:
        return RefitOutcome("refresh", "recipe_refused", f"The champion is not refreshed: {verdict.reason}")
    if any(figures.name == recipe and figures.answer == "worse" for figures in candidates):
        reason = f"The champion is not refreshed, since {recipe}, its recipe on newer rows, is surely worse than it."
        return RefitOutcome("refresh", "recipe_worse", reason)
    return _wanted("refresh", snapshot.run, recipe)


def _wanted(purpose: Literal["promote", "refresh"], run: str, candidate: str) -> RefitOutcome:
    """Plan a refit. If its states end without a word, this reason stays."""
    reason = f"{candidate} was not proved on all rows: the states that fit and prove it ended early."
    return RefitOutcome(purpose, "unproved", reason, candidate, version_name(run, candidate, refitted=True))
