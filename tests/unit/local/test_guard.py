"""What a function's role does not allow is denied on this machine too."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.errors import TemplateError
from local.guard import Guard
from local.requested_actions import requested_actions
from local.rights import Grant, read_rights
from local.template import Resource, Template, read_template

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).parents[3]
ENDPOINT = "http://127.0.0.1:1"
LAKE = "arn:aws:s3:::refrain-lake-bucket"


def environ(method: str, path: str, query: str = "", who: str = "refrain-reader", **headers: str) -> dict[str, Any]:
    credential = f"AWS4-HMAC-SHA256 Credential={who}/20261124/eu-west-1/s3/aws4_request, Signature=0"
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_AUTHORIZATION": credential,
        "wsgi.input": io.BytesIO(),
        **headers,
    }


class Answers:
    """Answers everything with one status, and remembers which status came back."""

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


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (environ("GET", "/lake/a/b.json"), ["s3:GetObject arn:aws:s3:::lake/a/b.json"]),
        (environ("HEAD", "/lake/a"), ["s3:GetObject arn:aws:s3:::lake/a"]),
        (environ("GET", "/lake/a", "versionId=1"), ["s3:GetObjectVersion arn:aws:s3:::lake/a"]),
        (environ("GET", "/lake", "list-type=2&prefix=a"), ["s3:ListBucket arn:aws:s3:::lake"]),
        (environ("PUT", "/lake/a"), ["s3:PutObject arn:aws:s3:::lake/a"]),
        (
            environ("PUT", "/lake/a", HTTP_IF_MATCH="e"),
            ["s3:PutObject arn:aws:s3:::lake/a", "s3:GetObject arn:aws:s3:::lake/a"],
        ),
        (environ("POST", "/lake/a", "uploads"), ["s3:PutObject arn:aws:s3:::lake/a"]),
        (environ("DELETE", "/lake/a", "uploadId=1"), ["s3:AbortMultipartUpload arn:aws:s3:::lake/a"]),
        (environ("DELETE", "/lake/a"), ["s3:DeleteObject arn:aws:s3:::lake/a"]),
        (environ("PUT", "/lake", "policy"), ["s3:PUT-of-a-bucket arn:aws:s3:::lake"]),
    ],
)
def test_a_request_to_s3_asks_for_the_rights_that_iam_names(request_: dict[str, Any], wanted: list[str]) -> None:
    assert [" ".join(each) for each in requested_actions(request_, "s3")] == wanted


def test_what_a_json_service_is_asked_is_read_and_left_for_it_to_read() -> None:
    body = json.dumps({"stateMachineArn": "arn:machine"}).encode()
    request = environ("POST", "/", HTTP_X_AMZ_TARGET="AWSStepFunctions.StartExecution", CONTENT_LENGTH=str(len(body)))
    request["wsgi.input"] = io.BytesIO(body)

    assert requested_actions(request, "states") == [("states:StartExecution", "arn:machine")]
    assert request["wsgi.input"].read() == body


def test_what_is_allowed_passes_and_what_is_not_is_denied_and_both_are_written_down(tmp_path: Path) -> None:
    record = tmp_path / "rights.jsonl"
    guard = Guard({"refrain-reader": (Grant("s3:GetObject", f"{LAKE}/curated/*"),)}, record)

    assert status_of(guard, environ("GET", "/refrain-lake-bucket/curated/x"), Answers()) == "200 OK"
    assert status_of(guard, environ("GET", "/refrain-lake-bucket/labels/x"), Answers()) == "403 Forbidden"
    assert status_of(guard, environ("PUT", "/refrain-lake-bucket/curated/x"), Answers()) == "403 Forbidden"
    assert status_of(guard, environ("PUT", "/refrain-lake-bucket/x", who="somebody"), Answers()) == "200 OK"
    assert [json.loads(line)["by"] for line in record.read_text().splitlines()] == ["s3:GetObject", None, None]


def test_a_key_that_is_missing_is_only_told_to_who_may_list(tmp_path: Path) -> None:
    read, ask = Grant("s3:GetObject", f"{LAKE}/*"), Grant("s3:ListBucket", LAKE)
    request = environ("GET", "/refrain-lake-bucket/curated/x")

    for grants, status in (((read,), "403 Forbidden"), ((read, ask), "404 Not Found")):
        guard = Guard({"refrain-reader": grants}, tmp_path / "rights.jsonl")
        assert status_of(guard, request, Answers("404 Not Found")) == status


def test_the_rights_of_a_function_are_its_own_statements_and_those_of_the_policies_that_it_names() -> None:
    allowed = read_rights(read_template(PROJECT / "template.yaml"), ENDPOINT)

    assert Grant("s3:ListBucket", LAKE) in allowed["refrain-train-function"]
    assert Grant("s3:GetObject", f"{LAKE}/snapshots/*") in allowed["refrain-train-function"]
    assert not any(
        grant.covers("s3:PutObject", f"{LAKE}/versions/x") for grant in allowed["refrain-inference-function"]
    )


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("AmazonS3FullAccess", "does not understand the policy"),
        ({"S3ReadPolicy": {"BucketName": "x"}}, "does not understand the policy"),
        ({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}, "only plain statements that allow"),
    ],
)
def test_a_policy_that_is_not_understood_is_refused(policy: Any, words: str) -> None:
    function = Resource("Reader", "AWS::Serverless::Function", {"Policies": [policy]})

    with pytest.raises(TemplateError, match=words):
        read_rights(Template(Path("template.yaml"), {"Reader": function}, {}), ENDPOINT)
