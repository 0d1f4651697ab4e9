"""Which uploads a snapshot is made of, decided on their receipts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from preprocessing import Definition
    from refrain.lake.receipt import Receipt


def choose_receipts(
    receipts: Iterable[Receipt], definition: Definition, newest: np.datetime64 | None = None
) -> list[Receipt]:
    """Choose the receipts to use, in the order of upload.

    A file that was ingested under several definitions counts once: as the present definition shaped it, else as the
    latest did. A window over upload time (used without event time) reaches back from the newest upload, or from
    `newest` where something else is newer, but not from now: the same uploads always give the same snapshot.
    """
    of_content: dict[str | None, Receipt] = {}
    for receipt in sorted(receipts, key=lambda one: (one.is_current(definition), one.finished_at, one.digest)):
        of_content[receipt.content_sha256] = receipt
    chosen = sorted(of_content.values(), key=lambda one: (one.uploaded, one.digest))
    start = window_start(chosen, definition, newest)
    return chosen if start is None else [receipt for receipt in chosen if receipt.uploaded >= start]


def window_start(
    receipts: Iterable[Receipt], definition: Definition, newest: np.datetime64 | None = None
) -> np.datetime64 | None:
    """Return the time from which uploads count; None where all count, or where the window is one of event time."""
    window = definition.training.window
    times = [receipt.uploaded for receipt in receipts] + ([] if newest is None else [newest])
    if window is None or definition.time or not times:
        return None
    return max(times) - np.timedelta64(round(window * 1e6), "us")
