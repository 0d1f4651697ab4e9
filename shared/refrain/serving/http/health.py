"""Is the process alive, and can it answer for every model in service?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.errors import StorageError, UnknownModel
from refrain.serving.http.refusals import NotTrained
from refrain.serving.registry.registry import MAX_LOADED_MODELS

if TYPE_CHECKING:
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def answer_live(_registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v2/health/live`."""
    return {"live": True}


def answer_service_ready(registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v2/health/ready`. Raises the error that stands in the way."""
    for model in registry.models()[:MAX_LOADED_MODELS]:
        try:
            registry.champion(model)
        except (NotTrained, UnknownModel):  # not trained yet, or retired since
            continue
    if registry.is_lake_failing():
        raise StorageError("deployments/", "the lake did not answer when it was last asked")
    return {"ready": True}
