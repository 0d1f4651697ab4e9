"""AWS services that are not there: a test replaces those that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refrain.aws.cloud import AwsCloud

if TYPE_CHECKING:
    from collections.abc import Mapping


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
