"""What a process does before it is asked, where it is paid for to be ready: it loads whatever it may be asked for."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from refrain.errors import BrokenVersion, StorageError
from refrain.serving.http.refusals import NotTrained
from refrain.serving.registry.registry import MAX_LOADED_MODELS, registry

if TYPE_CHECKING:
    from refrain.serving.registry.registry import Registry

logger = logging.getLogger("refrain")


def warm_up() -> None:
    """Load the models of a process of provisioned concurrency.

    Others load a model when they are asked for it: they know only then which, and somebody waits already. Nor is one
    loaded before a snapshot is taken (SnapStart): credentials that are in a snapshot have expired when it is restored.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
        load_all(registry())


def load_all(models: Registry) -> None:
    """Load every model that is deployed, as many as are kept; what cannot be loaded is tried when it is asked for."""
    for model in models.known()[:MAX_LOADED_MODELS]:
        try:
            models.serving(model)
        except NotTrained:
            continue
        except BrokenVersion as error:
            logger.warning("not loaded ahead", extra={"model": model, "reason": str(error)})
        except StorageError as error:  # and so will the others be
            logger.warning("not loaded ahead", extra={"model": model, "reason": str(error)})
            return
