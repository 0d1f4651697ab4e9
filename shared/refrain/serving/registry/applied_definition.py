"""The applied definitions of a process: read with the deployment of a model, and as a list of names.

A version answers by its own definition. The applied one says what to capture, which labels to take, and whether the
model was retired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from preprocessing import DefinitionError
from refrain.errors import NotFound, StorageError
from refrain.lake.model_definition import ModelDefinition, known_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing import Definition
    from refrain.aws.storage import Store


@dataclass(frozen=True)
class AppliedDefinition:
    """What counts for a model: `definition` is None where it is broken or absent, or where the model was retired.

    `etag` is that of the object, "" where there is none.
    """

    definition: Definition | None = None
    etag: str = ""
    is_retired: bool = False


def read_applied(store: Store, model: str, before: AppliedDefinition | None) -> AppliedDefinition:
    """Read what counts for a model, unless it is what counted `before`."""
    key = ModelDefinition.key(model)
    try:
        content = store.read_if_changed(key, before.etag) if before and before.etag else store.read(key)
    except NotFound:
        return AppliedDefinition()
    if content is None:
        return before or AppliedDefinition()
    current = ModelDefinition.of(model, content)
    if current.digest is None:
        return AppliedDefinition(None, content.etag, is_retired=True)
    try:
        return AppliedDefinition(current.parse(), content.etag)
    except DefinitionError:
        return AppliedDefinition(None, content.etag)


class AppliedModels:
    """The names of the models that have a definition, listed again every `refresh_seconds`."""

    def __init__(self, store: Store, refresh_seconds: float, clock: Callable[[], float]) -> None:
        self._store = store
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._names: tuple[str, ...] | None = None
        self._refresh_at = 0.0

    def names(self) -> tuple[str, ...]:
        """Return the names; those of before while the lake fails."""
        now = self._clock()
        if self._names is None or now >= self._refresh_at:
            try:
                self._names = known_models(self._store)
            except StorageError:
                if self._names is None:
                    raise
            self._refresh_at = now + self._refresh_seconds
        return self._names
