"""The report's words on logged lists: which share of a candidate's items would be taken, before anybody sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, element
from refrain.words import counted, share

if TYPE_CHECKING:
    from refrain.lake.list_worth import ListWorth, TakenShare
    from refrain.pages.run_models import PageModels


def explain_logged_lists(models: PageModels) -> Html | None:
    """Say what was taken of the logged lists, and what would be of each candidate's; None without such lists."""
    worths = [(model.figures.name, model.summary.logged) for model in models.candidates if model.summary.logged]
    if not worths:
        return None
    first = worths[0][1]
    return element(
        "p",
        f"From {counted(first.lists, 'logged list')}: of the items that the recommenders in service ranked, "
        f"{_taken(first.offered)} were taken within a day. A little exploration says what other lists would have been "
        f"worth: {'; '.join(f'{name} {_explain(worth)}' for name, worth in worths)}.",
    )


def _explain(worth: ListWorth) -> str:
    if worth.doubly_robust is None:
        return (
            f"cannot be told, since {share(worth.covered)} of its items could have been offered, and what was offered "
            f"of them counts as {counted(round(worth.effective), 'offer')}"
        )
    return _taken(worth.doubly_robust)


def _taken(taken: TakenShare) -> str:
    return f"{share(taken.value)} ({share(taken.low)} to {share(taken.high)})"
