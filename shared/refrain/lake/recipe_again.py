"""The champion's recipe, to be fitted again in a run whose holdout the champion has mostly learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from refrain.lake.document import Document

AGAIN = "champion-again"
"""The candidate that is the champion's recipe. No candidate of a definition has this name."""


@dataclass(frozen=True)
class RecipeAgain(Document):
    """Recipes are compared where too few rows are left that the champion, asked by its version, has not learned.

    `candidate` is fitted by the champion's recipe: one of the run's own, or `AGAIN` by this `definition`. None: it
    cannot be fitted on these rows, and `reason` says why.
    """

    champion: str
    candidate: str | None
    definition: dict[str, Any] | None = None
    reason: str = ""
