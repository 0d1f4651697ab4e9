"""Which execution makes the monitoring round of a time, so that a schedule that fires twice makes one round.

rounds/<time>.json    written once, by the execution that was first
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.aws.storage import to_json
from refrain.lake.document import StoredDocument
from refrain.times import to_key

if TYPE_CHECKING:
    from datetime import datetime

    from refrain.aws.storage import Store


@dataclass(frozen=True)
class MonitoringRound(StoredDocument):
    """The round of an execution, by its name."""

    path = "rounds/{}.json"

    execution: str

    def begin(self, store: Store, time: datetime) -> bool:
        """Begin the round of a time; False when another execution has begun it. A retry begins the same round."""
        return store.write_new(self.key(to_key(time)), to_json(self.to_json()))
