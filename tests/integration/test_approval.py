"""Asking people before a version goes into service: whatever order question, answers, time and other runs come in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from refrain.aws.storage import open_store
from refrain.deployment.asking import ActionRequest, act, ask_approval
from refrain.errors import InvalidRequest, ServiceUnavailable
from refrain.lake.approval import Approval
from refrain.lake.deployment import Deployment
from refrain.lake.evaluation import Evaluation
from refrain.times import to_iso
from tests.integration.loop import compare, handler
from tests.integration.test_decisions import LOGISTIC, Shop

if TYPE_CHECKING:
    from tests.fake_services import RecordedBus
    from tests.integration.conftest import Aws
    from tests.integration.loop import Run


class Asked:
    """A run that has asked, and what people were told."""

    def __init__(self, shop: Shop) -> None:
        self.store = open_store(shop.aws.lake)
        shop.sell(400)
        self.run: Run = compare("shop").refit()
        self.name: str = self.run.evaluation["run"]
        self.letters: list[tuple[str, str]] = []

    def ask(self, token: str = "t1") -> dict[str, object]:
        """Enter the state "Ask for approval"."""
        event = {"token": token, "state": {"model": "shop", "run": self.name}}
        return ask_approval(self.store, lambda *letter: self.letters.append(letter), event)

    def act(self, by: str = "ann", *, later: timedelta = timedelta(0), **request: Any) -> dict[str, Any]:
        """Start an execution with an action, some time later."""
        now = datetime.now(UTC) + later
        event = {"request": {"model": "shop", **request}, "execution": by, "started_at": to_iso(now, "milliseconds")}
        return act(self.store, ActionRequest.of(event), lambda: now)

    def end(self, **fields: Any) -> dict[str, Any]:
        """Enter the state that the answer leads to."""
        return handler("retraining/move")({"model": "shop", "run": self.name, **fields}, None)

    @property
    def champion(self) -> str | None:
        """The version in service."""
        return Deployment.read(self.store, "shop").champion_version


@pytest.fixture
def shop(aws: Aws) -> Shop:
    """A model whose versions need approval."""
    shop = Shop(aws)
    shop.define(LOGISTIC, gate="[rollout]\napproval = true\napproval_hours = 2")
    return shop


@pytest.fixture
def asked(shop: Shop) -> Asked:
    """A first version that waits."""
    asked = Asked(shop)
    asked.ask()
    return asked


def test_people_are_told_with_the_address_of_the_report_and_how_to_answer(bus: RecordedBus, asked: Asked) -> None:
    ((subject, text),) = asked.letters
    version = Evaluation.read(asked.store, "shop", asked.name).next_version
    report = f"snapshots/shop/{asked.name}/report.html"

    assert subject == f"shop: {version} waits for your approval"
    assert f"s3://{asked.store.bucket}/{report}" in text
    assert '{"model": "shop", "action": "promote"}' in text
    assert "Waits for approval" in asked.store.read(report).data.decode()
    assert [name for name, _ in bus.events][-1] == "ApprovalWanted"
    assert asked.champion is None


def test_the_answer_travels_to_the_run_and_into_its_report_and_the_log(asked: Asked) -> None:
    answered = asked.act(action="promote", reason="checked by Ann")
    assert (answered["waits"], answered["token"], answered["answer"]["approved"]) == (True, "t1", True)

    ended = asked.end(move="promote")

    last = Deployment.read(asked.store, "shop").last
    assert (ended["outcome"], ended["approval"]["because"]) == ("promoted", "checked by Ann")
    assert last is not None
    assert last.by == f"retraining run {asked.name}, approved by ann"
    assert "Approved by ann: checked by Ann." in asked.store.read(ended["report"].split("/", 3)[3]).data.decode()


def test_a_version_that_is_turned_down_does_not_serve(asked: Asked) -> None:
    asked.act(action="dismiss", reason="the target is wrong")

    ended = asked.end(move="dismiss", unapproved=True)

    assert (ended["outcome"], asked.champion) == ("dismissed", None)
    assert "was not approved: the target is wrong." in ended["reason"]


def test_a_question_without_an_answer_ends_with_the_champion_in_service(asked: Asked) -> None:
    ended = asked.end(move="dismiss", unapproved=True)

    assert (ended["outcome"], ended["approval"]["by"], asked.champion) == ("dismissed", "nobody", None)
    assert "nobody agreed until" in ended["reason"]


@pytest.mark.parametrize("second", ["promote", "dismiss"])
def test_the_first_answer_counts_and_its_execution_may_repeat_it(asked: Asked, second: str) -> None:
    first = asked.act(action="promote")

    assert asked.act(action="promote") == first
    with pytest.raises(InvalidRequest, match="no run of shop waits for approval"):
        asked.act("bob", action=second)


def test_of_two_people_who_answer_at_once_one_learns_of_the_other(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = type(asked.store).replace

    def be_late(store: Any, key: str, data: bytes, etag: str) -> None:
        monkeypatch.undo()
        asked.act("bob", action="dismiss")
        replace(store, key, data, etag)

    monkeypatch.setattr(type(asked.store), "replace", be_late)

    with pytest.raises(InvalidRequest, match="somebody else has just answered"):
        asked.act(action="promote")
    answer = Approval.read(asked.store, "shop", asked.name).answer
    assert answer is not None
    assert (answer.approved, answer.by) == (False, "bob")


def test_an_answer_after_the_time_is_refused(asked: Asked) -> None:
    with pytest.raises(InvalidRequest, match="no run of shop waits for approval"):
        asked.act(later=timedelta(hours=2, minutes=1), action="promote")


def test_a_question_that_is_asked_again_has_a_new_token(asked: Asked) -> None:
    asked.ask("t2")

    assert asked.act(action="promote")["token"] == "t2"


def test_a_question_that_reaches_nobody_is_asked_again(shop: Shop) -> None:
    asked = Asked(shop)

    def fail(*_: str) -> None:
        raise ServiceUnavailable("sns:Publish", "throttled")

    with pytest.raises(ServiceUnavailable):
        ask_approval(asked.store, fail, {"token": "t1", "state": {"model": "shop", "run": asked.name}})


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"action": "promote", "run": "20260101T000000-000000"}, "waits for approval no more; name a version"),
        ({"action": "promote", "run": "yesterday"}, "run: expected the name of a run"),
        ({"action": "promote", "version": "nothing"}, "shop has no version 'nothing'"),
        ({"action": "undo"}, "action: expected one of promote, dismiss"),
        ({"action": "dismiss", "because": "?"}, "because: unknown"),
    ],
)
def test_an_answer_that_means_nothing_is_refused(asked: Asked, request_: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        asked.act(**request_)


def test_a_version_is_promoted_by_hand_without_a_question(shop: Shop, bus: RecordedBus) -> None:
    asked = Asked(shop)
    version = Evaluation.read(asked.store, "shop", asked.name).next_version

    first, again = (asked.act(action="promote", version=version, reason="copied") for _ in range(2))

    assert first["waits"] is again["waits"] is False
    assert (first["result"]["outcome"], asked.champion) == ("promoted", version)
    assert Deployment.read(asked.store, "shop").sequence == 1
    assert json.dumps(bus.events[-1]).count("PromotedByHand") == 2
