"""What logged lists say of other lists: which share of their items would be taken."""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import Document


@dataclass(frozen=True)
class TakenShare(Document):
    """A share of items that their users choose within a day, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ListWorth(Document):
    """The shares of items that were taken of `lists` logged lists, and would be of those of another recommender.

    `offered` is of what the recommenders in service ranked, without exploration. `covered` is the share of the other
    lists' items that could have been offered; of the offers, `effective` ones would say as much if all weighed the
    same. Where that is too little, both estimates are None (see `statistics.off_policy`).
    """

    lists: int
    covered: float
    effective: float
    offered: TakenShare
    inverse_propensity: TakenShare | None = None
    doubly_robust: TakenShare | None = None
