"""What a version decides by its probabilities, where the definition says what wrong decisions cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.lake.document import Document

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class DecisionRule(Document):
    """Of two `classes` the second is decided from a `threshold`; of more, the one whose expected cost is least.

    `costs` are by true and decided class, in the order of the classes.
    """

    classes: tuple[str, ...]
    costs: list[list[float]]
    threshold: float | None = None

    def decide(self, numbers: Sequence[str]) -> str:
        """Decide by the probabilities of a row as they were written.

        >>> rule = DecisionRule(("fraud", "ok"), [[0.0, 100.0], [1.0, 0.0]], 0.95)
        >>> rule.decide(["0.1", "0.9"]), rule.decide(["0.01", "0.99"])
        ('fraud', 'ok')
        """
        chances = list(map(float, numbers))
        if self.threshold is not None:
            return self.classes[chances[1] >= self.threshold]
        saved = [
            sum(chance * (max(costs) - costs[decided]) for chance, costs in zip(chances, self.costs, strict=True))
            for decided in range(len(self.classes))
        ]
        return self.classes[saved.index(max(saved))]
