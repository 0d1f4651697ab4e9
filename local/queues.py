"""Passes messages from a queue to a function, as Lambda's pollers do.

moto could do it too, but inside the upload's PUT, which would then take as long as the ingest.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.concurrency import RETRY_SECONDS
from local.errors import TooManyCalls
from local.names import REGION
from local.runtime_api import Answer, failed_answer


@dataclass(frozen=True)
class QueueSource:
    """A queue that calls a function; a received message is hidden for `visibility` seconds."""

    url: str
    arn: str
    batch_size: int = 10
    reports_failures: bool = False
    concurrency: int = 2
    visibility: float = 30


class Poller:
    """Passes the messages of one queue to `invoke`, and deletes those that were handled.

    A failed message stays in the queue. Its visibility timeout brings it back, and the redrive policy removes it. A
    call above the account's limit is tried again while its messages are hidden.
    """

    def __init__(self, sqs: Any, source: QueueSource, invoke: Callable[[bytes], Answer], pause: float = 0.1) -> None:
        self._sqs = sqs
        self._source = source
        self._invoke = invoke
        self._pause = pause
        self._stopping = threading.Event()
        self._free = threading.Semaphore(source.concurrency)
        self._workers = ThreadPoolExecutor(source.concurrency, thread_name_prefix="batch")
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages; running batches are left alone."""
        self._stopping.set()
        self._thread.join()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            if not self._free.acquire(timeout=self._pause):
                continue
            messages = self._receive()
            if messages:
                self._workers.submit(self._work, messages)
            else:
                self._free.release()
                self._stopping.wait(self._pause)

    def _receive(self) -> list[dict[str, Any]]:
        received = self._sqs.receive_message(
            QueueUrl=self._source.url,
            MaxNumberOfMessages=min(self._source.batch_size, 10),
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = received.get("Messages", [])
        return messages

    def _work(self, messages: list[dict[str, Any]]) -> None:
        try:
            answer = self._call(json.dumps(batch_event(messages, self._source.arn)).encode())
            for message in finished_messages(messages, answer, self._source.reports_failures):
                self._sqs.delete_message(QueueUrl=self._source.url, ReceiptHandle=message["ReceiptHandle"])
        finally:
            self._free.release()

    def _call(self, event: bytes) -> Answer:
        end = time.monotonic() + self._source.visibility
        while True:
            try:
                return self._invoke(event)
            except TooManyCalls as error:
                if time.monotonic() >= end or self._stopping.wait(RETRY_SECONDS):
                    return failed_answer("TooManyRequestsException", str(error))


def batch_event(messages: Sequence[Mapping[str, Any]], arn: str) -> dict[str, Any]:
    """Make the event in which Lambda passes on messages."""
    return {"Records": [_record(message, arn) for message in messages]}


def finished_messages(
    messages: Sequence[dict[str, Any]], answer: Answer, reports_failures: bool
) -> Sequence[dict[str, Any]]:
    """Return the messages that may be deleted.

    A failed call finishes none. A report without failures finishes all. A report that cannot be read, or that names a
    message outside the batch, finishes none. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    >>> batch = [{"MessageId": "a"}, {"MessageId": "b"}]
    >>> answer = Answer(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')
    >>> [message["MessageId"] for message in finished_messages(batch, answer, reports_failures=True)]
    ['a']
    """
    if answer.failed:
        return []
    if not reports_failures:
        return messages
    report = json.loads(answer.payload)
    try:
        failed = {item["itemIdentifier"] for item in (report or {}).get("batchItemFailures") or []}
    except (AttributeError, KeyError, TypeError):
        return []
    if failed - {message["MessageId"] for message in messages}:
        return []
    return [message for message in messages if message["MessageId"] not in failed]


def _record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
