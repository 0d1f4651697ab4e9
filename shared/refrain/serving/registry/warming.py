"""Load models before the first request, in a process of provisioned concurrency."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from refrain.errors import BrokenVersion, StorageError, UnknownModel
from refrain.serving.http.refusals import NotTrained
from refrain.serving.registry.registry import MAX_LOADED_MODELS, registry

if TYPE_CHECKING:
    from refrain.serving.registry.registry import Registry

logger = logging.getLogger("refrain")


def warm_up() -> None:
    """Load the models of a process of provisioned concurrency.

    Other processes load a model when the first request for it arrives: before, they cannot know which one. SnapStart
    only opens the store, since models in a snapshot would be those of the day on which it was made.
    """
    kind = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE")
    if kind == "provisioned-concurrency":
        load_all(registry())
    elif kind == "snap-start":
        registry()


def load_all(models: Registry) -> None:
    """Load the models in service, as many as are kept; the first request retries those that fail."""
    try:
        for model in models.models()[:MAX_LOADED_MODELS]:
            _load(models, model)
    except StorageError as error:  # the other models would fail as well
        logger.warning("not loaded ahead", extra={"reason": str(error)})


def _load(models: Registry, model: str) -> None:
    with suppress(NotTrained, UnknownModel):  # not trained yet, or retired since
        try:
            models.champion(model)
        except BrokenVersion as error:
            logger.warning("not loaded ahead", extra={"model": model, "reason": str(error)})
