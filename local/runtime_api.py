"""Serves the Lambda Runtime API to one process, which fetches events from it and posts answers, and credentials.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, version 2018-06-01.
"""

import json
import queue
import secrets
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.credentials import temporary_credentials

MAX_ANSWER_BYTES = 6_291_556  # Lambda's limit for a synchronous answer
_PREFIX = "/2018-06-01/runtime"
_CREDENTIALS = "/2021-04-23/credentials"


@dataclass(frozen=True)
class Answer:
    """The result of one call: the function's own JSON, or Lambda's when the function failed."""

    payload: bytes
    failed: bool = False


@dataclass
class Call:
    """One call of a function, and its future answer."""

    request_id: str
    event: bytes
    arn: str
    timeout: float
    answer: Future[Answer] = field(default_factory=Future)


def failed_answer(error_type: str, message: str) -> Answer:
    """Make the answer that Lambda gives for a failed function."""
    return Answer(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), failed=True)


@dataclass(frozen=True)
class RuntimeFailure:
    """The end of a call that the function did not choose, in Lambda's words."""

    error_type: str
    reason: str

    def answer(self, request_id: str) -> Answer:
        """Make the answer to one call."""
        return failed_answer(self.error_type, f"RequestId: {request_id} Error: {self.reason}")


class RuntimeApi:
    """Serves one process of a function, one call at a time."""

    def __init__(self, function: str) -> None:
        self.function = function
        self.token = secrets.token_urlsafe()
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current: Call | None = None
        self._end: RuntimeFailure | None = None
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.credentials_uri = f"http://{self.address}{_CREDENTIALS}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def offer(self, call: Call) -> None:
        """Pass a call to the process when it asks for the next one."""
        with self._lock:
            if self._end is not None:
                call.answer.set_result(self._end.answer(call.request_id))
                return
            self._current = call
        self._calls.put(call)

    def next(self) -> Call | None:
        """Wait for the next call; None when there will be no more."""
        return self._calls.get()

    def settle(self, answer: Answer | RuntimeFailure) -> None:
        """Answer the current call; only the first answer counts."""
        with self._lock:
            if (call := self._current) is not None:
                call.answer.set_result(answer.answer(call.request_id) if isinstance(answer, RuntimeFailure) else answer)
                self._current = None

    def end(self, failure: RuntimeFailure) -> None:
        """Let the current call fail and all later ones, since the process is gone."""
        with self._lock:
            self._end = failure
        self.settle(failure)
        self._calls.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a process that ended while it was connected; its call reports it."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    api: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        if self.path == _CREDENTIALS and self.headers["Authorization"] == self.api.token:
            self._reply(200, json.dumps(temporary_credentials(self.api.function)).encode())
            return
        if (
            self.path == f"{_PREFIX}/restore/next"
        ):  # asked by a function with SnapStart; it runs its hooks on the answer
            self._reply(200, b"")
            return
        call = self.api.next() if self.path == f"{_PREFIX}/invocation/next" else None
        if call is None:
            self._reply(410, b"")
            self.close_connection = True
            return
        deadline = int((time.time() + call.timeout) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": call.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": call.arn,
            "Content-Type": "application/json",
        }
        self._reply(200, call.event, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/response"):
            answer = Answer(body)
            if len(body) > MAX_ANSWER_BYTES:
                answer = failed_answer(
                    "Function.ResponseSizeTooLarge", f"Response payload size exceeded {MAX_ANSWER_BYTES} bytes."
                )
        else:
            answer = Answer(body, failed=True)
        self.api.settle(answer)
        self._reply(202, b"")

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing, since the function has a log of its own."""
