"""Captured lines go from the functions' logs to the lake, as the template says."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.errors import TemplateError
from local.log_delivery import LogDelivery, Subscription, read_subscriptions
from local.template import Template, read_template
from refrain.lake.capture.reading import captured_key

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATE = read_template(PROJECT / "template.yaml")


class Bucket:
    """The part of S3 that the delivery needs."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        assert Bucket == "refrain-lake-bucket"
        self.objects[Key] = Body

    def lines(self) -> list[Any]:
        return [json.loads(line) for key in sorted(self.objects) for line in self.unpacked(key)]

    def unpacked(self, key: str) -> list[str]:
        return gzip.decompress(self.objects[key]).decode().splitlines()


def line(model: str, number: int) -> str:
    return json.dumps({"capture": 1, "model": model, "number": number}) + "\n"


def only() -> Subscription:
    (subscription,) = read_subscriptions(TEMPLATE)
    return subscription


def delivery(bucket: Bucket, log: Path, pause: float = 0.01) -> LogDelivery:
    return LogDelivery(bucket, dict.fromkeys(only().functions, log), [only()], pause)


def test_the_template_subscribes_to_what_inference_prints() -> None:
    assert only().functions == ("refrain-inference-function",)
    assert (only().field, only().value) == ("capture", 1)


def test_a_delivered_object_has_the_key_that_the_lake_expects() -> None:
    time_ = datetime(2026, 11, 23, 7, tzinfo=UTC)

    key = only().key("income", time_)

    assert key.rpartition("/")[0] == captured_key("income", time_, "x").rpartition("/")[0]
    assert key.endswith(".jsonl.gz")
    assert captured_key("income", time_, "x").endswith(".jsonl.gz")


def test_new_lines_are_delivered_by_model(tmp_path: Path) -> None:
    # Given a log that is written while it is followed
    bucket, log = Bucket(), tmp_path / "inference.log"
    log.write_text(line("income", 0))
    followed = delivery(bucket, log)
    with log.open("a") as file:
        file.write(line("income", 1) + '{"level": "INFO"}\nno JSON\n{"capture": 2}\n' + line("churn", 2))

    # Then what is new and chosen is there, by model, and what was there before is not
    end = time.monotonic() + 5
    while len(bucket.objects) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert {key.split("/")[1] for key in bucket.objects} == {"income", "churn"}
    assert sorted(content["number"] for content in bucket.lines()) == [1, 2]
    followed.stop()


def test_stopping_delivers_the_remaining_lines_but_no_half_line(tmp_path: Path) -> None:
    bucket, log = Bucket(), tmp_path / "inference.log"
    followed = delivery(bucket, log, pause=60)
    log.write_text(line("income", 1) + line("income", 2) + line("income", 3)[:-5])

    followed.stop()

    assert [content["number"] for content in bucket.lines()] == [1, 2]
    assert len(bucket.objects) == 1


def test_a_line_written_in_two_parts_is_delivered_as_one(tmp_path: Path) -> None:
    bucket, log = Bucket(), tmp_path / "inference.log"
    followed = delivery(bucket, log)
    captured = line("income", 1)
    with log.open("a") as file:
        for part in (captured[:10], captured[10:]):
            file.write(part)
            file.flush()
            time.sleep(0.05)

    followed.stop()

    assert [content["number"] for content in bucket.lines()] == [1]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("CaptureSubscription", {"FilterPattern": "ERROR"}, "only patterns such as"),
        ("CaptureStream", {"ExtendedS3DestinationConfiguration": {"Prefix": "all/"}}, "only streams to a bucket"),
    ],
)
def test_an_unsupported_subscription_is_refused(name: str, changes: dict[str, Any], words: str) -> None:
    resource = TEMPLATE.resources[name]
    changed = replace(resource, properties={**resource.properties, **changes})
    template = Template(TEMPLATE.path, {**TEMPLATE.resources, name: changed}, TEMPLATE.parameters)

    with pytest.raises(TemplateError, match=words):
        read_subscriptions(template)
