"""Denies a function what its role does not allow, as IAM does.

A function signs its requests with its name as the key. Any other key belongs to the user of this machine, who may do
everything. A file records each grant that was used and each denial, so tests find missing rights and unused ones.
"""

import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.credentials import has_expired
from local.names import STACK
from local.requested_actions import RequestedAction, requested_actions, signer
from local.rights import Rights

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RECORD_FILE = "rights.jsonl"
"""A file in the state folder with lines of `{"function", "action", "resource", "by"}`; `by` is null for a denial."""


class Guard:
    """Checks requests against the rights of the functions, and writes used grants and denials to the file `record`."""

    def __init__(self, rights: Rights, record: Path, stack: str = STACK) -> None:
        self._rights = rights
        self._stack = stack
        self._record = record
        self._lock = threading.Lock()
        self._recorded: set[tuple[str, ...]] = set()
        record.write_text("")

    def before(self, application: "WSGIApplication") -> "WSGIApplication":
        """Wrap an application, so that it gets only allowed requests."""

        def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            function, service = signer(environ)
            if function not in self._rights:
                return application(environ, start_response)
            if has_expired(environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")):
                message = "The provided token has expired."
                return _refuse(environ, start_response, service, "ExpiredToken", message)
            actions = requested_actions(environ, service, self._stack)
            denied = [action for action in actions if not self._allows(function, *action)]
            if denied:
                message = f"{function} is not authorized to perform: {denied[0][0]} on resource: {denied[0][1]}"
                return _refuse(environ, start_response, service, "AccessDenied", message)
            if service == "s3" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
                start_response = self._hiding(function, actions[0], start_response)
            return application(environ, start_response)

        return guarded

    def _hiding(self, function: str, requested: RequestedAction, start_response: "StartResponse") -> "StartResponse":
        """Turn 404 into 403 for a function that may not list the bucket, as S3 does."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            bucket = requested[1].partition("/")[0]
            hidden = status.startswith("404") and not self._allows(function, "s3:ListBucket", bucket)
            return start_response("403 Forbidden" if hidden else status, headers, *error)

        return start

    def _allows(self, function: str, action: str, resource: str, source: str = "") -> bool:
        used = next((grant for grant in self._rights[function] if grant.covers(action, resource, source)), None)
        shown, by = (used.resource, used.action) if used else (resource, None)
        line = {"function": function, "action": action, "resource": shown, "by": by}
        with self._lock:
            if (key := tuple(map(str, line.values()))) not in self._recorded:
                self._recorded.add(key)
                with self._record.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        return used is not None


def _refuse(
    environ: "WSGIEnvironment", start_response: "StartResponse", service: str, code: str, message: str
) -> Iterable[bytes]:
    if "HTTP_X_AMZ_TARGET" in environ:
        body = json.dumps({"__type": f"{code}Exception", "message": message}).encode()
        status, kind = "400 Bad Request", "application/x-amz-json-1.0"
    else:
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        body = (error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>").encode()
        status = "400 Bad Request" if code == "ExpiredToken" else "403 Forbidden"
        kind = "application/xml"
    if environ["REQUEST_METHOD"] == "HEAD":
        body = b""
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")])
    return [body]
