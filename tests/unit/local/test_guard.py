"""A function cannot do more than its role allows on this machine either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local import credentials
from local.guard import Guard
from local.rights import Grant
from tests.unit.local.test_requested_actions import environ

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).parents[3]
ENDPOINT = "http://127.0.0.1:1"
LAKE = "arn:aws:s3:::refrain-lake-bucket"


class Answers:
    """An application that answers with one status, and records the status that came back."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status = status
        self.seen = ""

    def __call__(self, _: Any, start_response: Any) -> Iterable[bytes]:
        start_response(self.status, [])
        return [b""]

    def start(self, status: str, *_: Any) -> Any:
        self.seen = status


def status_of(guard: Guard, request: dict[str, Any], answers: Answers) -> str:
    list(guard.before(answers)(request, answers.start))
    return answers.seen


def test_allowed_requests_pass_others_are_denied_and_both_are_recorded(tmp_path: Path) -> None:
    record = tmp_path / "rights.jsonl"
    guard = Guard({"refrain-reader": (Grant("s3:GetObject", f"{LAKE}/curated/*"),)}, record)

    assert status_of(guard, environ("GET", "/refrain-lake-bucket/curated/x"), Answers()) == "200 OK"
    assert status_of(guard, environ("GET", "/refrain-lake-bucket/labels/x"), Answers()) == "403 Forbidden"
    assert status_of(guard, environ("PUT", "/refrain-lake-bucket/curated/x"), Answers()) == "403 Forbidden"
    assert status_of(guard, environ("PUT", "/refrain-lake-bucket/x", function="somebody"), Answers()) == "200 OK"
    assert [json.loads(line)["by"] for line in record.read_text().splitlines()] == ["s3:GetObject", None, None]


@pytest.mark.parametrize(("seconds", "status"), [(60, "200 OK"), (-1, "400 Bad Request")])
def test_credentials_are_refused_when_their_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, status: str
) -> None:
    monkeypatch.setattr(credentials, "LIFETIME_SECONDS", seconds)
    guard = Guard({"refrain-reader": (Grant("s3:GetObject", f"{LAKE}/*"),)}, tmp_path / "rights.jsonl")
    token = credentials.temporary_credentials("refrain-reader")["Token"]
    request = environ("GET", "/refrain-lake-bucket/curated/x") | {"HTTP_X_AMZ_SECURITY_TOKEN": token}

    assert status_of(guard, request, Answers()) == status


def test_only_a_function_that_may_list_learns_that_a_key_is_missing(tmp_path: Path) -> None:
    read, ask = Grant("s3:GetObject", f"{LAKE}/*"), Grant("s3:ListBucket", LAKE)
    request = environ("GET", "/refrain-lake-bucket/curated/x")

    for grants, status in (((read,), "403 Forbidden"), ((read, ask), "404 Not Found")):
        guard = Guard({"refrain-reader": grants}, tmp_path / "rights.jsonl")
        assert status_of(guard, request, Answers("404 Not Found")) == status
