"""Events reach EventBridge as other systems read them, and a bus that does not answer stops nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from moto import mock_aws

from refrain.aws import event_bus
from refrain.aws.event_bus import MAX_TRIES, send_event

if TYPE_CHECKING:
    import pytest


class RefusingBus:
    """Answers some calls and refuses their event, as EventBridge does when it is throttled."""

    def __init__(self, refusals: int) -> None:
        self.calls = 0
        self._refusals = refusals

    def put_events(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        refused = self.calls <= self._refusals
        return {"FailedEntryCount": int(refused), "Entries": [{"ErrorMessage": "slow down"}] if refused else [{}]}


@mock_aws
def test_a_rule_sees_the_source_the_name_and_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    events, sqs = boto3.client("events", region_name="eu-west-1"), boto3.client("sqs", region_name="eu-west-1")
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="ours", EventPattern=json.dumps({"source": ["refrain.tests"], "detail-type": ["Promoted"]}))
    events.put_targets(Rule="ours", Targets=[{"Id": "listener", "Arn": arn}])
    monkeypatch.setattr(event_bus, "_client", lambda: events)

    send_event("Promoted", "shop", "run-1", "v2 is better.", version="v2")
    send_event("Kept", "shop", "run-2", "No candidate is better.")

    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("refrain.tests", "Promoted")
    detail = {"id": "shop/run-1/Promoted", "model": "shop", "summary": "v2 is better.", "version": "v2"}
    assert event["detail"] == detail


def test_an_event_that_was_refused_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = RefusingBus(MAX_TRIES - 1)
    monkeypatch.setattr(event_bus, "_client", lambda: bus)

    send_event("Kept", "shop", "run", "No candidate is better.")

    assert bus.calls == MAX_TRIES


def test_an_event_that_cannot_be_sent_is_in_the_log_and_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(event_bus, "_client", lambda: RefusingBus(MAX_TRIES))

    send_event("Kept", "shop", "run", "No candidate is better.")

    (record,) = caplog.records
    assert (record.message, vars(record)["event"], vars(record)["reason"]) == (
        "event not sent",
        "Kept",
        "events:PutEvents failed: slow down",
    )
    assert vars(record)["detail"]["id"] == "shop/run/Kept"
    assert json.loads(capsys.readouterr().out)["EventNotSent"] == 1
