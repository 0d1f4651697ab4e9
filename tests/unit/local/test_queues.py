"""Messages reach the function in batches; handled ones are deleted, the others stay."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from local import queues
from local.errors import TooManyCalls
from local.queues import Poller, QueueSource, batch_event, finished_messages
from local.runtime_api import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

ARN = "arn:aws:sqs:eu-west-1:123456789012:refrain-ingest-queue"


def message(name: str) -> dict[str, Any]:
    return {
        "MessageId": name,
        "ReceiptHandle": f"handle of {name}",
        "Body": f"body of {name}",
        "MD5OfBody": "0",
        "Attributes": {"ApproximateReceiveCount": "1"},
    }


BATCH = [message("a"), message("b"), message("c")]


def report(*failed: str) -> Answer:
    return Answer(json.dumps({"batchItemFailures": [{"itemIdentifier": name} for name in failed]}).encode())


def test_the_event_has_the_form_that_lambda_sends() -> None:
    event = batch_event(BATCH[:1], ARN)

    assert event["Records"] == [
        {
            "messageId": "a",
            "receiptHandle": "handle of a",
            "body": "body of a",
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": "0",
            "eventSource": "aws:sqs",
            "eventSourceARN": ARN,
            "awsRegion": "eu-west-1",
        }
    ]


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        (report(), "abc"),
        (report("b"), "ac"),
        (report("a", "b", "c"), ""),
        (Answer(b"null"), "abc"),
        (Answer(b"{}"), "abc"),
        (Answer(b'{"batchItemFailures": null}'), "abc"),
        (report("of another batch"), ""),
        (report(""), ""),
        (Answer(b'{"batchItemFailures": [{}]}'), ""),
        (Answer(b'"text"'), ""),
        (Answer(b'{"errorType": "ValueError"}', failed=True), ""),
    ],
)
def test_a_message_is_finished_unless_the_function_failed_or_reports_it(answer: Answer, done: str) -> None:
    assert "".join(message["MessageId"] for message in finished_messages(BATCH, answer, reports_failures=True)) == done


def test_a_function_that_does_not_report_finishes_all_or_none() -> None:
    assert finished_messages(BATCH, report("a"), reports_failures=False) == BATCH
    assert finished_messages(BATCH, Answer(b"", failed=True), reports_failures=False) == []


class Queue:
    """A queue like SQS, as far as a poller can see: a received message is not received again."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.waiting = list(messages)
        self.deleted: list[str] = []
        self.batch_sizes: list[int] = []

    def receive_message(self, **options: Any) -> dict[str, Any]:
        most = options["MaxNumberOfMessages"]
        self.batch_sizes.append(most)
        taken, self.waiting = self.waiting[:most], self.waiting[most:]
        return {"Messages": taken} if taken else {}

    def delete_message(self, **options: str) -> None:
        self.deleted.append(options["ReceiptHandle"])


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_a_poller_passes_batches_on_and_deletes_finished_messages() -> None:
    queue = Queue(BATCH)
    batches: list[list[str]] = []

    def invoke(event: bytes) -> Answer:
        batches.append([record["messageId"] for record in json.loads(event)["Records"]])
        return report("b") if "b" in batches[-1] else report()

    source = QueueSource("url", ARN, batch_size=2, reports_failures=True, concurrency=1)
    poller = Poller(queue, source, invoke, pause=0.01)
    assert eventually(lambda: len(queue.deleted) == 2)
    poller.stop()

    assert batches == [["a", "b"], ["c"]]
    assert queue.deleted == ["handle of a", "handle of c"]
    assert set(queue.batch_sizes) == {2}


def test_a_call_above_the_limit_is_made_again_while_its_messages_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "RETRY_SECONDS", 0.01)
    queue = Queue(BATCH[:1])
    calls: list[bytes] = []

    def invoke(event: bytes) -> Answer:
        calls.append(event)
        if len(calls) < 3:
            raise TooManyCalls
        return report()

    poller = Poller(queue, QueueSource("url", ARN, visibility=60), invoke, pause=0.01)
    assert eventually(lambda: len(queue.deleted) == 1)
    poller.stop()

    assert calls == [calls[0]] * 3


def test_messages_stay_in_the_queue_when_no_call_was_possible_while_they_were_hidden() -> None:
    queue = Queue(BATCH[:1])
    called = threading.Event()

    def invoke(event: bytes) -> Answer:
        called.set()
        raise TooManyCalls

    source = QueueSource("url", ARN, concurrency=1, visibility=0)
    poller = Poller(queue, source, invoke, pause=0.01)
    assert called.wait(5)
    queue.waiting = BATCH[1:2]  # the worker is free again, so the next message is taken
    assert eventually(lambda: not queue.waiting)
    poller.stop()

    assert queue.deleted == []


def test_a_poller_takes_only_as_many_batches_as_the_function_can_handle() -> None:
    queue = Queue([message(str(number)) for number in range(4)])
    running = 0
    most = 0

    def invoke(_: bytes) -> Answer:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.05)
        running -= 1
        return report()

    poller = Poller(
        queue, QueueSource("url", ARN, batch_size=1, reports_failures=True, concurrency=1), invoke, pause=0.01
    )
    assert eventually(lambda: len(queue.deleted) == 4)
    poller.stop()

    assert most == 1
