"""Writes to S3 whose answers are lost or refused: tried again, and read back before anything is believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from refrain.aws import storage
from refrain.aws.storage import Store, to_json
from refrain.errors import StorageUnavailable
from tests.integration.failing_s3 import CONFLICT, LOST_ANSWER, TIMEOUT, FailingS3, Failure, failing_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Aws


@pytest.fixture
def s3(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingS3]:
    with failing_s3(aws.endpoint) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


@pytest.fixture
def store(aws: Aws, s3: FailingS3) -> Store:
    return Store(aws.lake, hurried=True)


@pytest.mark.parametrize(
    "failures",
    [[CONFLICT], [CONFLICT, CONFLICT], [TIMEOUT], [TIMEOUT, CONFLICT, TIMEOUT], [LOST_ANSWER], [LOST_ANSWER, CONFLICT]],
    ids=str,
)
def test_a_create_only_write_that_s3_puts_off_is_made(s3: FailingS3, store: Store, failures: list[Failure]) -> None:
    s3.failures += failures

    assert store.write_new("a/b", b"mine")

    assert store.read("a/b").data == b"mine"
    assert s3.failures == []


@pytest.mark.parametrize("failures", [[], [CONFLICT], [TIMEOUT], [LOST_ANSWER]], ids=str)
def test_a_create_only_write_leaves_an_object_of_other_content(
    s3: FailingS3, store: Store, failures: list[Failure]
) -> None:
    assert store.write_new("a/b", b"theirs")
    s3.failures += failures

    assert not store.write_new("a/b", b"mine")

    assert store.read("a/b").data == b"theirs"


@pytest.mark.parametrize("failure", [CONFLICT, TIMEOUT], ids=str)
def test_a_write_that_s3_puts_off_for_ever_is_an_error(s3: FailingS3, store: Store, failure: Failure) -> None:
    s3.failures += [failure] * 99

    with pytest.raises(StorageUnavailable, match="a/b cannot be reached"):
        store.write_new("a/b", b"mine")

    assert 2 <= len(s3.writes) <= 9


def test_a_request_timeout_of_any_write_is_tried_again(s3: FailingS3, store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"three")
    s3.failures += [TIMEOUT]
    store.write("a", b"one")
    s3.failures += [TIMEOUT]
    store.replace("a", b"two", store.read("a").etag)
    s3.failures += [TIMEOUT]
    store.upload(tmp_path / "file", "b")

    assert (store.read("a").data, store.read("b").data) == (b"two", b"three")


def test_each_patience_tries_more_than_once() -> None:
    assert all(len(patience.pauses) > 2 for patience in (storage.PATIENT, storage.HURRIED))


@pytest.mark.parametrize("text", ["Zürich", "\ud800", "a\udfff\ud800", "\u2028"])
def test_any_text_can_be_written_and_read_as_json(text: str) -> None:
    assert json.loads(to_json({text: [text]})) == {text: [text]}
