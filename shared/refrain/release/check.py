"""Ask new code which champions it would refuse, and keep CodeDeploy from moving callers when there is one.

New code is asked as it is deployed, with its own layers, memory and rights. To say what it would serve, it loads every
champion and replays its golden rows, as it does for callers. A champion that the code in service refuses too is broken
itself, and must not stop the code that may mend it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from refrain.errors import InvalidRequest, RefrainError, ServiceUnavailable
from refrain.events import TEXT, read_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.aws.cloud import AwsCloud

PATH = "/v1/models"
IN_SERVICE = "live"
"""The alias that callers use."""

FIELDS = ("DeploymentId", "LifecycleEventHookExecutionId")

logger = logging.getLogger("refrain")


@dataclass(frozen=True)
class ReleaseRequest:
    """The deployment that waits for an answer; both fields are empty when the check is called by hand."""

    deployment: str
    hook: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Read the event. Raises `InvalidRequest`."""
        deployment, hook = read_fields(event, dict.fromkeys(FIELDS, TEXT.optional(""))).values()
        if bool(deployment) != bool(hook):
            raise InvalidRequest(f"expected {' and '.join(FIELDS)}, as CodeDeploy sends them, or neither")
        return cls(deployment, hook)


def check_release(services: AwsCloud, request: ReleaseRequest, version: str) -> dict[str, object]:
    """Check the new version (its ARN), answer CodeDeploy, and return the result. Raises what the services raise."""
    try:
        result = _compare_versions(services, version)
    except RefrainError:
        _answer(services, request, succeeded=False)
        raise
    _answer(services, request, succeeded=not result["refused"])
    if result["refused"]:
        logger.error("new code refused", extra=result)
    else:
        logger.info("new code answers as before", extra=result)
    return result


def refusals(models: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the champions that are not served, by model.

    >>> refusals([{"model": "a", "model_version": "1"}, {"model": "b", "model_version": "1", "refused": "2"}])
    {'b': '2'}
    """
    return {entry["model"]: entry["refused"] for entry in models if "refused" in entry}


def _compare_versions(services: AwsCloud, version: str) -> dict[str, object]:
    models = _served_models(services, version)
    refused = refusals(models)
    in_service = f"{version.rpartition(':')[0]}:{IN_SERVICE}"
    broken = refusals(_served_models(services, in_service)) if refused else {}
    return {
        "champions": len(models),
        "refused": {model: champion for model, champion in refused.items() if broken.get(model) != champion},
        "broken_before": {model: champion for model, champion in refused.items() if broken.get(model) == champion},
    }


def _served_models(services: AwsCloud, version: str) -> list[Mapping[str, Any]]:
    """Have a version load and prove all that is deployed, by asking as API Gateway does."""
    event = {"httpMethod": "GET", "path": PATH, "headers": {}, "requestContext": {"requestId": "pre-traffic"}}
    answer = services.invoke(version, event)
    if answer.get("statusCode") != 200:
        raise ServiceUnavailable(f"{PATH} of {version}", str(answer.get("body") or answer)[:500])
    models: list[Mapping[str, Any]] = json.loads(answer["body"])["models"]
    return models


def _answer(services: AwsCloud, request: ReleaseRequest, *, succeeded: bool) -> None:
    if request.deployment:
        services.answer_hook(request.deployment, request.hook, succeeded=succeeded)
