"""Labels read back: of each prediction the one that counts, the same whatever the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.lake import keys
from refrain.lake.by_hour import keys_between, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from refrain.aws.storage import Store


@dataclass(frozen=True, slots=True)
class Label:
    """What was said of a prediction: a JSON value as it was given, and since when (UTC) it has been said.

    A label that is said again keeps the moment of the first time, unless something else was said in between.
    """

    value: object
    received_at: np.datetime64


@dataclass(frozen=True, slots=True, order=True)
class Saying:
    """One label of one call, sortable by when it was received; `key` and `place` settle the order of those at once."""

    received_at: str
    key: str
    place: int


def read_labels(
    store: Store, model: str, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Label]:
    """Read the labels received from the hour of `since` to that of `until`, or all: prediction id to the last one.

    Ids come in no order.
    """
    sayings: dict[str, list[tuple[Saying, object]]] = {}
    for key, content in read_all(store, keys_between(store, keys.labels_in(model), since, until)):
        name = key.rpartition("/")[2]
        call = content.json()
        for place, each in enumerate(call["labels"]):
            saying = Saying(call["received_at"], name, place)
            sayings.setdefault(each["prediction_id"], []).append((saying, each["label"]))
    return {name: last_of(said) for name, said in sayings.items()}


def last_of(sayings: Iterable[tuple[Saying, Any]]) -> Label:
    """Find the label that counts: the last one received, since it was first said without interruption.

    >>> a, b = Saying("2026-11-23T10:00:00Z", "x", 0), Saying("2026-11-23T11:00:00Z", "y", 0)
    >>> last_of([(b, "yes"), (a, "yes")]).received_at.item().hour, last_of([(b, "yes"), (a, "no")]).value
    (10, 'yes')
    """
    ordered = sorted(sayings, key=lambda pair: pair[0])
    value, since = ordered[-1][1], ordered[-1][0]
    for saying, said in reversed(ordered):
        if type(said) is not type(value) or said != value:
            break
        since = saying
    return Label(value, np.datetime64(since.received_at.removesuffix("Z"), "us"))
