"""Before callers move: which champions would new code refuse, and was it the code?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from refrain.errors import InvalidRequest, ServiceUnavailable
from refrain.release.check import ReleaseRequest, check_release
from tests.fake_services import FakeServices

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW = "arn:aws:lambda:eu-west-1:123456789012:function:inference:7"
OLD = "arn:aws:lambda:eu-west-1:123456789012:function:inference:live"
REQUEST = ReleaseRequest("d-1", "h-1")
GOOD = {"model": "shop", "model_version": "v2"}
REFUSED = {"model": "shop", "model_version": "v1", "refused": "v2"}
OTHER = {"model": "tumours", "model_version": "v5"}


@dataclass
class World(FakeServices):
    """What each version of inference would serve (None: it fails), and what CodeDeploy was told."""

    served: Mapping[str, list[Mapping[str, Any]] | None]
    told: list[bool] = field(default_factory=list)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        assert (event["httpMethod"], event["path"]) == ("GET", "/v1/models")
        models = self.served[function]
        if models is None:
            return {"statusCode": 500, "body": "no module named numpy"}
        return {"statusCode": 200, "body": json.dumps({"models": models})}

    def answer_hook(self, deployment: str, hook: str, *, succeeded: bool) -> None:
        assert ReleaseRequest(deployment, hook) == REQUEST
        self.told.append(succeeded)


def test_callers_move_when_every_champion_answers_as_in_training() -> None:
    world = World({NEW: [GOOD, OTHER]})

    assert check_release(world, REQUEST, NEW) == {"champions": 2, "refused": {}, "broken_before": {}}
    assert world.told == [True]


def test_callers_stay_when_the_new_code_refuses_a_champion() -> None:
    world = World({NEW: [REFUSED, OTHER], OLD: [GOOD, OTHER]})

    assert check_release(world, REQUEST, NEW)["refused"] == {"shop": "v2"}
    assert world.told == [False]


def test_a_champion_that_was_broken_before_does_not_keep_the_code_from_being_mended() -> None:
    world = World({NEW: [REFUSED, OTHER], OLD: [REFUSED, OTHER]})

    found = check_release(world, REQUEST, NEW)

    assert (found["refused"], found["broken_before"]) == ({}, {"shop": "v2"})
    assert world.told == [True]


def test_callers_stay_when_the_new_code_does_not_even_answer_and_codedeploy_need_not_wait_for_its_time() -> None:
    world = World({NEW: None})

    with pytest.raises(ServiceUnavailable, match="no module named numpy"):
        check_release(world, REQUEST, NEW)
    assert world.told == [False]


def test_an_event_is_codedeploy_s_or_empty() -> None:
    sent = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"}

    assert (ReleaseRequest.of(sent), ReleaseRequest.of({})) == (REQUEST, ReleaseRequest("", ""))
    with pytest.raises(InvalidRequest, match="as CodeDeploy sends them"):
        ReleaseRequest.of({"DeploymentId": "d-1"})
    with pytest.raises(InvalidRequest, match="DeploymentId: expected text"):
        ReleaseRequest.of({"DeploymentId": 7, "LifecycleEventHookExecutionId": "h-1"})


def test_nobody_is_answered_when_the_check_is_called_by_hand() -> None:
    world = World({NEW: [GOOD]})

    check_release(world, ReleaseRequest("", ""), NEW)

    assert world.told == []
