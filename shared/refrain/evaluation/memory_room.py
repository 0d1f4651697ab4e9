"""Whether inference can hold a version, and what to do where it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from refrain.process_memory import MEGABYTE, models_bytes
from refrain.words import memory_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Gate
    from refrain.lake.evaluation import Figures, ModelSummary

CURES = {
    "sklearn.ensemble": "train fewer trees, or set max_leaf_nodes",
    "sklearn.tree": "set max_leaf_nodes",
    "lightgbm": "train fewer trees, or set num_leaves",
    "xgboost": "train fewer trees, or set max_depth",
    "sklearn.neighbors": "shorten training.window, since it keeps every training row",
    "refrain.recommenders": "take fewer neighbours or factors, or shorten training.window",
}
"""What makes a version smaller, by the package of its estimator."""


def explain_too_large(
    gate: Gate, inference_bytes: int, champion: Figures | None, candidates: Sequence[ModelSummary]
) -> dict[str, str]:
    """Say of each candidate that inference cannot hold beside the champion what to do, by version."""
    room = MemoryRoom.of(gate, inference_bytes, champion)
    sentences = {item.figures.version: room.refusal(item.figures, item.estimator) for item in candidates}
    return {version: sentence for version, sentence in sentences.items() if sentence}


@dataclass(frozen=True)
class MemoryRoom:
    """The room that inference has for a version, and how it comes about.

    Inference loads a new version while the champion answers. So a version may take half of what models may take
    together, since the next one has to fit beside it, or what the gate says, and no more than the champion leaves.
    """

    bytes: int
    where: str

    @classmethod
    def of(cls, gate: Gate, inference_bytes: int, champion: Figures | None) -> Self:
        """Work out the room beside the champion."""
        together = int(models_bytes(inference_bytes))
        has = f"in inference, which has {memory_size(inference_bytes)}"
        if gate.max_memory_mb is None:
            limit = cls(together // 2, f"{has} and so {memory_size(together // 2)} for one version")
        else:
            allowed = int(gate.max_memory_mb * MEGABYTE)
            limit = cls(allowed, f"in inference, where gate.max_memory_mb allows {memory_size(allowed)}")
        held = champion.footprint.held_bytes if champion and champion.footprint else 0
        left = max(together - held, 0)
        return limit if limit.bytes <= left else cls(left, f"{has} and so {memory_size(left)} beside the champion")

    def refusal(self, candidate: Figures, estimator: str) -> str | None:
        """Say why a version is too large, if it is."""
        if candidate.footprint is None or candidate.footprint.peak_bytes <= self.bytes:
            return None
        cure = CURES.get(estimator.rpartition(".")[0], "take a smaller estimator")
        taken = f"{'more than ' if candidate.error else ''}{memory_size(candidate.footprint.peak_bytes)}"
        return f"{candidate.name} would hold {taken} {self.where}: {cure}, or give inference more memory."
