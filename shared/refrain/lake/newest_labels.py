"""The labels of a model's newest predictions, in memory that does not grow with the number of labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from refrain.lake.capture.record import asked_at
from refrain.lake.label import Label, add_label, arriving_labels

if TYPE_CHECKING:
    from refrain.aws.storage import Store


@dataclass
class NewestLabels:
    """The current label of each of the newest predictions that have one, by id.

    Labels that were not kept are counted as often as they were sent: those `left_out`, which are of older predictions,
    and those of `foreign` ids, which no prediction has.
    """

    most: int
    labels: dict[str, Label] = field(default_factory=dict)
    left_out: int = 0
    foreign: int = 0
    _oldest: str = ""

    @classmethod
    def read(cls, store: Store, model: str, most: int) -> Self:
        """Read all labels of a model, and keep those of the newest predictions, at most so many."""
        newest = cls(most)
        for prediction_id, label in arriving_labels(store, model):
            newest._add(prediction_id, label)
        newest._forget_older()
        return newest

    def _add(self, prediction_id: str, label: Label) -> None:
        if prediction_id not in self.labels and not asked_at(prediction_id):
            self.foreign += 1
        elif prediction_id < self._oldest:
            self.left_out += 1
        else:
            add_label(self.labels, prediction_id, label)
            if len(self.labels) >= 2 * self.most:
                self._forget_older()

    def _forget_older(self) -> None:
        """Forget the labels of all but the newest predictions; ids are in the order of time."""
        older = sorted(self.labels)[: -self.most]
        for prediction_id in older:
            del self.labels[prediction_id]
        if older:
            self.left_out += len(older)
            self._oldest = min(self.labels)
