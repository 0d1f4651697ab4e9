"""Asks the new code which champions it would refuse, and CodeDeploy not to move callers when there is one.

New code is asked as it is deployed, with its own layers, memory and rights: to say what it would serve it loads every
champion and replays its golden rows, as it does for callers. A champion that the code in service refuses too is broken
by itself, and must not keep the code from being mended.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from refrain.errors import RefrainError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.release.request import ReleaseRequest
    from refrain.release.services import Services

IN_SERVICE = "live"
"""The alias that callers are on."""

logger = logging.getLogger("refrain")


def check_release(services: Services, request: ReleaseRequest, version: str) -> dict[str, object]:
    """Ask the new version (its ARN), tell CodeDeploy, and return what was found. Raises what the services raise."""
    try:
        found = _compare(services, version)
    except RefrainError:
        services.tell(request, sound=False)
        raise
    services.tell(request, sound=not found["refused"])
    if found["refused"]:
        logger.error("new code refused", extra=found)
    else:
        logger.info("new code answers as before", extra=found)
    return found


def _compare(services: Services, version: str) -> dict[str, object]:
    models = services.models(version)
    refused = refusals(models)
    broken = refusals(services.models(_in_service(version))) if refused else {}
    return {
        "champions": len(models),
        "refused": {model: each for model, each in refused.items() if broken.get(model) != each},
        "broken_before": {model: each for model, each in refused.items() if broken.get(model) == each},
    }


def refusals(models: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the champions that are not served, by model.

    >>> refusals([{"model": "a", "model_version": "1"}, {"model": "b", "model_version": "1", "refused": "2"}])
    {'b': '2'}
    """
    return {each["model"]: each["refused"] for each in models if "refused" in each}


def _in_service(version: str) -> str:
    return f"{version.rpartition(':')[0]}:{IN_SERVICE}"
