"""What CodeDeploy sends before it moves callers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from refrain.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("DeploymentId", "LifecycleEventHookExecutionId")


@dataclass(frozen=True)
class ReleaseRequest:
    """Which deployment waits for the answer; both empty when nobody does (called by hand)."""

    deployment: str
    hook: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Read the event. Raises `InvalidRequest`."""
        deployment, hook = (event.get(name, "") for name in FIELDS)
        if not isinstance(deployment, str) or not isinstance(hook, str) or bool(deployment) != bool(hook):
            raise InvalidRequest(f"expected {' and '.join(FIELDS)}, as CodeDeploy sends them, or nothing")
        return cls(deployment, hook)
