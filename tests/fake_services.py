"""AWS services that are not there: a test replaces those that it needs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refrain.aws.cloud import AwsCloud
from tests.documented_events import DOCUMENTED_FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FakeServices(AwsCloud):
    """Every call fails the test."""

    def is_running(self, model: str) -> bool:
        raise AssertionError(model)

    def start_run(self, model: str, name: str, reason: str) -> None:
        raise AssertionError(model, name, reason)

    def notify(self, subject: str, text: str) -> None:
        raise AssertionError(subject, text)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        raise AssertionError(function, event)

    def answer_hook(self, deployment: str, hook: str, *, succeeded: bool) -> None:
        raise AssertionError(deployment, hook, succeeded)


@dataclass
class RecordedBus:
    """EventBridge in memory: the name and the detail of each event, which has to have the documented facts."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def put_events(self, **request: Sequence[Mapping[str, str]]) -> dict[str, int]:
        """Take the events as EventBridge does."""
        for entry in request["Entries"]:
            name, detail = entry["DetailType"], json.loads(entry["Detail"])
            assert [*detail] == ["id", "model", "summary", *DOCUMENTED_FACTS[name]], name
            self.events.append((name, detail))
        return {"FailedEntryCount": 0}
