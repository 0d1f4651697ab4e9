"""How far the answers of a version were from the truth on rows that it had not learned.

versions/<model>/<version>/errors.json    completes the manifest of a judged version, by the evaluation
"""

from __future__ import annotations

from dataclasses import dataclass

from refrain.lake.document import StoredDocument


@dataclass(frozen=True)
class CalibrationErrors(StoredDocument):
    """The errors of so many judged rows in ascending order, at even ranks where there are very many of them.

    A version that learned from all rows has those of its judged twin.
    """

    path = "versions/{}/{}/errors.json"

    rows: int
    ranked: tuple[float, ...]
