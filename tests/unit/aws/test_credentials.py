"""Keys from an address, as SnapStart gives them: asked for in time, kept while nobody answers, and never shown."""

from __future__ import annotations

import json
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from refrain.aws import credentials
from refrain.aws.credentials import ContainerCredentials
from refrain.aws.storage import Store
from refrain.errors import ServiceUnavailable, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOURS = timedelta(hours=6).total_seconds()
SOON = 200.0
"""Keys are renewed five minutes before their end, and used until then where nobody answers."""


@dataclass
class Endpoint:
    """The address of keys and of S3, what it answers, and what it was asked with."""

    url: str = ""
    lifetime: float = HOURS
    failures: list[bytes | int] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    signed_by: list[str] = field(default_factory=list)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An environment as SnapStart gives it, with S3 behind the same address."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            authorization = self.headers["Authorization"]
            if self.path != "/credentials":
                endpoint.signed_by.append(authorization.partition("Credential=")[2].partition("/")[0])
                self._reply(200, b"content")
                return
            endpoint.tokens.append(authorization)
            failure = endpoint.failures.pop(0) if endpoint.failures else None
            end = datetime.now(UTC) + timedelta(seconds=endpoint.lifetime)
            keys = {"AccessKeyId": f"key-{len(endpoint.tokens)}", "SecretAccessKey": "hidden", "Token": "hidden"}
            content = json.dumps(keys | {"Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"}).encode()
            if isinstance(failure, int):
                self._reply(failure, b"hidden")
            else:
                self._reply(200, content if failure is None else failure)

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{endpoint.url}/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(credentials, "PAUSES", (0.0, 0.0, 0.0))
    yield endpoint
    server.shutdown()
    server.server_close()


def test_the_store_signs_with_the_keys_of_the_address_and_asks_for_them_once(endpoint: Endpoint) -> None:
    store = Store("lake", hurried=True)

    with ThreadPoolExecutor(8) as readers:
        contents = {answer.data for answer in readers.map(store.read, ["a"] * 32)}

    assert contents == {b"content"}
    assert endpoint.signed_by == ["key-1"] * 32
    assert endpoint.tokens == ["token"]


@pytest.mark.parametrize("lifetime", [SOON, -HOURS], ids=["end soon", "ended in the snapshot"])
def test_keys_that_end_soon_or_ended_while_a_snapshot_was_kept_are_asked_for_again(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, lifetime: float
) -> None:
    store = Store("lake", hurried=True)
    endpoint.lifetime = lifetime
    store.read("a")
    endpoint.lifetime = HOURS
    threading.Event().wait(0.15)  # obstore asks again at most every 0.1 s

    for _ in range(3):
        store.read("a")

    assert endpoint.signed_by == ["key-1", "key-2", "key-2", "key-2"]


def test_keys_in_the_environment_come_first(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")

    Store("lake", hurried=True).read("a")

    assert (endpoint.signed_by, endpoint.tokens) == (["from-environment"], [])


def test_the_token_is_read_from_its_file_each_time(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.delenv("NO_PROXY")  # a proxy of the environment is not for this address
    provider = ContainerCredentials()

    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        provider()

    assert endpoint.tokens == ["first", "second"]


@pytest.mark.parametrize(
    "failure", [500, 429, b"", b"{}", b"[]", b'{"AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": 3}']
)
def test_an_answer_that_is_of_no_use_is_asked_for_again(endpoint: Endpoint, failure: Any) -> None:
    endpoint.failures = [failure, failure]

    assert ContainerCredentials()()["access_key_id"] == "key-3"


def test_while_nobody_answers_the_last_keys_are_used_until_their_end(endpoint: Endpoint) -> None:
    provider, ended = ContainerCredentials(), ContainerCredentials()
    endpoint.lifetime = SOON
    first = provider()
    endpoint.lifetime = -1
    ended()
    endpoint.failures = [500] * 6

    assert provider() == first
    with pytest.raises(ServiceUnavailable, match="asking for credentials failed: HTTPError"):
        ended()


def test_without_keys_the_store_is_unavailable_and_shows_no_secret(endpoint: Endpoint) -> None:
    endpoint.failures = [403] * 99

    with pytest.raises(StorageUnavailable) as caught:
        Store("lake", hurried=True).read("a")

    trace = "".join(traceback.format_exception(caught.value))
    assert "asking for credentials failed: HTTPError" in trace
    assert "hidden" not in trace
    assert endpoint.signed_by == []
