"""Who competes in a run: the champion and every candidate, each asked for all holdout rows, or the reason why not."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain import deployments, paths
from refrain.errors import BrokenVersion, NotFound
from refrain.evaluation.contender import Contender, aligned, ask
from refrain.labels import class_labels, class_numbers

if TYPE_CHECKING:
    from preprocessing import Columns, Definition
    from refrain.evaluation.arrays import Floats, Truth
    from refrain.evaluation.request import Request, Trained
    from refrain.storage import Store


@dataclass(frozen=True)
class Field:
    """The champion's version (None while there is none), and all who compete, or the sentence why one cannot."""

    champion_version: str | None
    champion: Contender | str | None
    candidates: dict[str, Contender | str]

    @property
    def contenders(self) -> list[Contender]:
        """All who could be asked."""
        return [each for each in (self.champion, *self.candidates.values()) if isinstance(each, Contender)]


def gather(store: Store, request: Request, holdout: Columns) -> Field:
    """Ask the champion of this moment and the run's candidates for all holdout rows."""
    deployment, _ = deployments.read(store, request.model)
    version = deployment.champion_version if deployment else None
    return Field(
        champion_version=version,
        champion=_ask_champion(store, request.model, version, holdout),
        candidates={each.name: _ask(store, request, each, holdout) for each in request.trained},
    )


@dataclass(frozen=True)
class Standard:
    """What all are measured by: the truth of the holdout, in classes that any of them or the holdout knows (sorted)."""

    definition: Definition
    truth: Truth
    classes: list[str]

    @classmethod
    def of(cls, definition: Definition, holdout: Columns, field: Field) -> Standard:
        """Find the truth; the classes are empty for a regression."""
        target = holdout[definition.target]
        if definition.task == "regression":
            return cls(definition, target.astype(np.float64), [])
        labels = class_labels(definition.columns[definition.target], target)
        classes = sorted(set(labels.tolist()).union(*(each.classes for each in field.contenders)))
        return cls(definition, class_numbers(labels, classes), classes)

    def answers(self, contender: Contender | str | None) -> Floats | None:
        """Give a contender's answers the order of the classes; None for one that could not be asked."""
        if not isinstance(contender, Contender):
            return None
        return aligned(contender.answers, contender.classes, self.classes)


def _ask(store: Store, request: Request, each: Trained, holdout: Columns) -> Contender | str:
    if each.error is not None:
        return each.error
    try:
        trained = store.read(paths.answers(request.model, request.run, each.name))
        with np.load(io.BytesIO(trained.data), allow_pickle=False) as file:
            expected: Floats = file["answers"]
        return ask(store, request.model, each.version, holdout, expected=expected)
    except (BrokenVersion, NotFound) as error:
        return str(error)


def _ask_champion(store: Store, model: str, version: str | None, holdout: Columns) -> Contender | str | None:
    if version is None:
        return None
    try:
        return ask(store, model, version, holdout, expected=None)
    except BrokenVersion as error:
        return str(error)
