"""S3's events, as they come through SQS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from refrain.errors import InvalidRequest
from refrain.ingest.upload_event import UploadedObject, read_uploads

EVENTS = Path(__file__).parents[3] / "events"


def bodies(name: str) -> list[str]:
    event = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return [record["body"] for record in event["Records"]]


def test_the_sample_event_holds_one_upload() -> None:
    (body,) = bodies("01-upload.json")
    (upload,) = read_uploads(body)
    assert upload == UploadedObject(
        bucket="inbox",
        key="tumours/first.csv",
        etag="d41d8cd98f00b204e9800998ecf8427e",
        size=24019,
        time="2026-11-23T12:00:00.000Z",
    )
    assert upload.model == "tumours"


def test_several_uploads_in_several_messages_are_all_found_and_their_keys_decoded() -> None:
    found = [upload.key for body in bodies("02-uploads.json") for upload in read_uploads(body)]
    assert found == ["tumours/first.csv", "tumours/2026 spring/ein Überblick + mehr.csv.gz", "churn/customers.parquet"]


def test_the_test_event_of_s3_and_an_event_without_records_hold_none() -> None:
    assert read_uploads('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbox"}') == []
    assert read_uploads('{"Records": []}') == []


def test_a_removal_is_no_upload() -> None:
    removal = {"eventName": "ObjectRemoved:Delete", "s3": {"bucket": {"name": "b"}, "object": {"key": "m/a.csv"}}}
    assert read_uploads(json.dumps({"Records": [removal]})) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"Records": {}}',
        '{"Records": [1]}',
        '{"Records": [{}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put"}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": 7}}}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": '
        '{"key": "a", "size": "x"}}}]}',
    ],
)
def test_what_is_no_event_of_s3_is_refused_in_words(body: str) -> None:
    with pytest.raises(InvalidRequest, match="expected an event of S3"):
        read_uploads(body)


@pytest.mark.parametrize(("key", "model"), [("a.csv", ""), ("m/a.csv", "m"), ("m/deep/er/a.csv", "m"), ("/a.csv", "")])
def test_the_model_is_the_first_folder(key: str, model: str) -> None:
    assert UploadedObject("b", key, "", 1, "").model == model


def test_the_empty_object_that_stands_for_a_folder_is_known() -> None:
    assert UploadedObject("b", "m/", "", 0, "").is_folder
    assert not UploadedObject("b", "m/a.csv", "", 0, "").is_folder
