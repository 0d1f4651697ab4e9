"""A metric with its interval, as monitoring tells it: measured against labels, or estimated without any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from preprocessing import Gate


@dataclass(frozen=True)
class Figure:
    """A metric on so many rows, and where it lies with the gate's confidence."""

    value: float
    low: float
    high: float
    rows: int

    def breaks(self, gate: Gate) -> bool:
        """Tell whether it is surely worse than the gate lets anything into service.

        >>> from preprocessing import Gate
        >>> gate = Gate(min_metric=0.8, max_metric=None, confidence=0.95, max_latency_ms=None)
        >>> Figure(0.7, 0.65, 0.75, 100).breaks(gate), Figure(0.78, 0.70, 0.86, 100).breaks(gate)
        (True, False)
        """
        below = gate.min_metric is not None and self.high < gate.min_metric
        return below or (gate.max_metric is not None and self.low > gate.max_metric)
