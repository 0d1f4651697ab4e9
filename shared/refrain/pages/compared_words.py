"""Says in words on which rows the models of a run were compared, and what stood for the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.recipe_again import AGAIN
from refrain.words import counted

if TYPE_CHECKING:
    from refrain.lake.compared_counts import ComparedCounts


def explain_compared(rows: ComparedCounts, unit: str) -> str:
    """Say what was compared, in units of a "holdout row" or a "user".

    >>> from refrain.lake.compared_counts import ComparedCounts
    >>> explain_compared(ComparedCounts(90, learned=10), "user")
    'All models answered the same 90 users. 10 users were left out, since the champion has learned from them.'
    """
    sentences = [f"All models answered the same {counted(rows.rows, unit)}."]
    if rows.learned:
        verb = "was" if rows.learned == 1 else "were"
        sentences.append(f"{counted(rows.learned, unit)} {verb} left out, since the champion has learned from them.")
    if rows.copies:
        verb = "was" if rows.copies == 1 else "were"
        sentences.append(f"{counted(rows.copies, unit)} {verb} left out, since equal rows are among the training rows.")
    if rows.stand_in:
        fitted = "as a candidate of its own" if rows.stand_in == AGAIN else f"as {rows.stand_in}"
        sentences.append(
            "The champion has learned most of the holdout. So its recipe stands for it, fitted on the training rows of "
            f"this run {fitted}."
        )
    if rows.favoured:
        sentences.append(
            "The champion is favoured, since it has learned most of these rows and its recipe cannot stand for it: "
            f"{rows.favoured}."
        )
    return " ".join(sentences)
