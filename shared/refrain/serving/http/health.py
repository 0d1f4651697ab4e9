"""Is the process alive, and could it answer for every model that is deployed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.errors import StorageError
from refrain.serving.http.refusals import NotTrained
from refrain.serving.registry.registry import MAX_LOADED_MODELS

if TYPE_CHECKING:
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def answer_live(_registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v2/health/live`."""
    return {"live": True}


def answer_service_ready(registry: Registry, _request: HttpRequest) -> dict[str, Any]:
    """Answer `GET /v2/health/ready`. Raises what stands in the way."""
    for model in registry.known()[:MAX_LOADED_MODELS]:
        try:
            registry.serving(model)
        except NotTrained:
            continue
    if registry.failing():
        raise StorageError("deployments/", "the lake did not answer when it was last asked")
    return {"ready": True}
