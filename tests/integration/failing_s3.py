"""A server in front of moto that answers some writes with an error, before or after moto has done them."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Failure:
    """What S3 answers to one write, and whether it had written the object by then."""

    status: int
    code: str
    written: bool = False


CONFLICT = Failure(409, "ConditionalRequestConflict")
TIMEOUT = Failure(400, "RequestTimeout")
LOST_ANSWER = Failure(503, "SlowDown", written=True)


@dataclass
class FailingS3:
    """The address, the failures to come (of writes whose key ends so), and the writes that were asked for."""

    url: str = ""
    failures: list[Failure] = field(default_factory=list)
    failing_key: str = ""
    writes: list[str] = field(default_factory=list)


@contextmanager
def failing_s3(endpoint: str) -> Iterator[FailingS3]:
    """Run a server that passes everything on to `endpoint`, but for the failures."""
    s3 = FailingS3()
    backend = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_HEAD(self) -> None:
            self._pass_on(b"")

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            s3.writes.append(self.path.rpartition("/")[2])
            fails = bool(s3.failures) and unquote(self.path).endswith(s3.failing_key)
            failure = s3.failures.pop(0) if fails else None
            if failure is None or failure.written:
                self._pass_on(body, failure)
            else:
                self._fail(failure)

        def _pass_on(self, body: bytes, failure: Failure | None = None) -> None:
            connection = http.client.HTTPConnection(backend)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if failure:
                self._fail(failure)
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "date", "server", "transfer-encoding"):
                    self.send_header(name, value)
            if answer.getheader("Content-Length") is None:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _fail(self, failure: Failure) -> None:
            body = f"<Error><Code>{failure.code}</Code></Error>".encode()
            self.send_response(failure.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    s3.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield s3
    server.shutdown()
    server.server_close()
