"""Promote a version by hand: one that was copied from another stack, or that no run has promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.aws.event_bus import send_event
from refrain.deployment.rollback import check_version_exists
from refrain.lake.deployment import Deployment, Served
from refrain.lake.deployment_moves import set_champion
from refrain.model.loading import load_version

if TYPE_CHECKING:
    from refrain.aws.storage import Store


def promote_version(store: Store, model: str, version: str, by: str, reason: str, at: str) -> dict[str, object]:
    """Prove a version and put it into service; return the move. Doing it again changes nothing.

    Raises `InvalidRequest` when there is none of this name, `BrokenVersion` when it does not answer its golden rows as
    it should, and `ChampionChanged` when another move came first, or when the version was withdrawn.
    """
    check_version_exists(store, model, version)
    proved = load_version(store, model, Served(version, at, "", None))
    before = Deployment.read(store, model).champion_version
    reasons = {
        "by": f"promotion {by}",
        "because": reason,
        "asked_at": at,
        "metric": proved.model.definition.training.metric,
    }
    moved = set_champion(store, model, version, expected=before, reasons=reasons)
    sentence = f"{version} was put into service by hand ({reason})."
    send_event("PromotedByHand", model, by, sentence, champion=moved.champion_version, instead_of=before)
    return {"model": model, "outcome": "promoted", "champion": version, "instead_of": before, "reason": sentence}
