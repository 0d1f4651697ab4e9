"""What a comparison is about: the figures that say how large a gain or a loss is, and how much the rows can tell."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document


@dataclass(frozen=True)
class Stakes(Document):
    """The trivial predictor's figure (of a recommender the most popular items'), and the margin of "no worse".

    `units` is how many independent units the compared rows count as. `trivial` and `margin` are None where these rows
    give no such figure.
    """

    trivial: float | None
    margin: float | None
    units: int
