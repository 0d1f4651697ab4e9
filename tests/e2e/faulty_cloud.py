"""The local cloud with faults: it kills functions while they handle an event, or S3 fails.

As a program it is `local.up` with faults, which the variable FAULTS describes. An event is never killed twice in a row,
since one kill is what every step must bear.
"""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, override

from local import guard, processes, queues, up
from local.cloud import Cloud
from local.requested_actions import signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from local.runtime_api import Answer

RECORD_FILE = "faults.jsonl"
SLOW_DOWN, TIMEOUT = ("503 Slow Down", "SlowDown"), ("400 Bad Request", "RequestTimeout")


@dataclass(frozen=True)
class Faults:
    """The shares of calls (and of callers' requests) that are killed, and of requests to S3 that fail."""

    kills: float = 0.0
    killed_requests: float = 0.0
    s3: float = 0.0
    seed: int = 1


class FaultyCloud(Cloud):
    """A local cloud with faults."""

    def __init__(self, faults: Faults, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        self._faults = faults

    @override
    def _command(self) -> list[str]:
        os.environ["FAULTS"] = json.dumps(asdict(self._faults))  # the process of the cloud inherits it
        return [part.replace("local.up", "tests.e2e.faulty_cloud") for part in super()._command()]

    def faults(self) -> list[str]:
        """Name the function of each kill, or the code of each failed request."""
        record = self.folder / RECORD_FILE
        return record.read_text().splitlines() if record.exists() else []


class Killer:
    """Kills processes at random moments of their calls, which take about as long as the longest before."""

    def __init__(self, faults: Faults, record: Callable[[str], None]) -> None:
        self._faults = faults
        self._draw = random.Random(faults.seed)
        self._record = record
        self._seconds: dict[str, float] = defaultdict(lambda: 0.5)
        self._killed: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def around(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        """Wrap the call of a process."""

        @functools.wraps(call)
        def killing(process: processes.FunctionProcess, event: bytes) -> Answer:
            name, subject = process._function.name, subject_of(event)
            timer = self._timer(process, name, subject)
            started = time.monotonic()
            answer = call(process, event)
            if timer:
                timer.cancel()
            with self._lock:
                if not answer.failed:
                    self._killed.discard((name, subject))
                    self._seconds[name] = max(self._seconds[name] * 0.8, time.monotonic() - started)
            return answer

        return killing

    def _timer(self, process: processes.FunctionProcess, name: str, subject: str) -> threading.Timer | None:
        with self._lock:
            share = self._faults.killed_requests if "inference" in name else self._faults.kills
            if (name, subject) in self._killed or self._draw.random() >= share:
                return None
            delay = self._draw.uniform(0, self._seconds[name])

        def kill() -> None:
            with self._lock:
                self._killed.add((name, subject))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
                self._record(name)

        timer = threading.Timer(delay, kill)
        timer.daemon = True
        timer.start()
        return timer


def subject_of(event: bytes) -> str:
    """Name what an event is about: a retry of the same has the same subject."""
    document = json.loads(event)
    if isinstance(document, dict) and "Records" in document:
        return ",".join(record["messageId"] for record in document["Records"])
    return event.decode()


class FailingS3:
    """Fails requests of functions to S3: before they have an effect, or after it."""

    def __init__(self, faults: Faults, record: Callable[[str], None]) -> None:
        self._share = faults.s3
        self._draw = random.Random(faults.seed)
        self._record = record

    def around(self, before: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the guard's wrapper of an application."""

        @functools.wraps(before)
        def failing_before(self_: guard.Guard, application: Any) -> Any:
            guarded = before(self_, application)

            def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
                function, service = signer(environ)
                if service != "s3" or function not in self_._rights or self._draw.random() >= self._share:
                    answer: Iterable[bytes] = guarded(environ, start_response)
                    return answer
                return self._fail(guarded, environ, start_response)

            return failing

        return failing_before

    def _fail(self, guarded: Any, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        status, code = self._draw.choice([SLOW_DOWN, TIMEOUT] if method in ("PUT", "POST") else [SLOW_DOWN])
        self._record(f"{method} {code}")
        if code == "SlowDown" and self._draw.random() < 0.5:
            list(guarded(environ, lambda *_: None))
        else:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = b"" if method == "HEAD" else f"<Error><Code>{code}</Code></Error>".encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]


def return_messages(call: Callable[..., Answer]) -> Callable[..., Answer]:
    """Let the messages of a killed function come back after a second instead of their visibility timeout."""

    @functools.wraps(call)
    def calling(poller: queues.Poller, event: bytes) -> Answer:
        answer = call(poller, event)
        if answer.failed:
            for record in json.loads(event)["Records"]:
                poller._sqs.change_message_visibility(
                    QueueUrl=poller._source.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=1
                )
        return answer

    return calling


def main() -> int:
    """Run the local cloud with the faults of the environment."""
    faults = Faults(**json.loads(os.environ["FAULTS"]))
    record_file = up._parse(None).folder / RECORD_FILE
    lock = threading.Lock()

    def record(fault: str) -> None:
        with lock, record_file.open("a") as file:
            file.write(fault + "\n")

    if faults.kills or faults.killed_requests:
        processes.FunctionProcess.call = Killer(faults, record).around(processes.FunctionProcess.call)  # type: ignore[method-assign]
    if faults.s3:
        guard.Guard.before = FailingS3(faults, record).around(guard.Guard.before)  # type: ignore[method-assign]
    queues.Poller._call = return_messages(queues.Poller._call)  # type: ignore[method-assign]
    return up.main()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
