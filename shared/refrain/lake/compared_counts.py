"""The rows that the models of a run were compared on: rows that none of them has learned from."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document


@dataclass(frozen=True)
class ComparedCounts(Document):
    """How many held-out rows (of a recommender: users) models were compared on, and why not on the others.

    `learned` rows were left out because the champion had learned them, `copies` because training rows are equal to
    them. `stand_in` is the candidate that stood for the champion as its recipe on this run's training rows. Where
    neither was possible, `favoured` says why the champion was asked about rows that it had learned.
    """

    rows: int
    learned: int = 0
    copies: int = 0
    stand_in: str | None = None
    favoured: str = ""
