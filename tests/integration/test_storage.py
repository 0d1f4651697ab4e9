"""Writes to S3 whose answers are lost or refused: tried again, and read back before anything is believed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.applying.apply import apply_definition
from refrain.aws import storage
from refrain.aws.storage import Store, to_json
from refrain.errors import Conflict, StorageUnavailable
from refrain.lake.deployment import Deployment
from refrain.lake.deployment_log import LogEntry
from refrain.lake.deployment_moves import set_champion
from refrain.lake.evaluation import write_report
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.lake.hour_index import HourFolder, HourIndex
from refrain.lake.monitoring_round import MonitoringRound
from refrain.statistics.hashing import salted_hashes
from tests.contract.test_lake_objects import APPROVAL, RECEIPT, REPORT
from tests.integration.failing_s3 import CONFLICT, LOST_ANSWER, TIMEOUT, FailingS3, Failure, failing_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Aws


ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("failure", [CONFLICT, TIMEOUT, LOST_ANSWER], ids=str)
def test_a_replacing_write_that_s3_puts_off_or_does_not_answer_is_made(
    s3: FailingS3, store: Store, failure: Failure
) -> None:
    store.write("a/b", b"one")
    etag = store.read("a/b").etag
    s3.failures += [failure]

    store.replace("a/b", b"two", etag)

    assert store.read("a/b").data == b"two"
    with pytest.raises(Conflict):
        store.replace("a/b", b"three", etag)


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


def promote_second(store: Store) -> None:
    set_champion(store, "shop", "v2", expected="v1", reasons={})


WRITES: dict[str, tuple[str, Callable[[Store], object], str]] = {
    "the page of a promoted version": (
        "evaluation",
        lambda store: write_report(store, "shop", "r1", b"page", "v1"),
        "versions/shop/v1/report.html",
    ),
    "a monitoring report": ("monitoring_report", REPORT.write, "monitoring/people/20261123T130000Z.json"),
    "the first pointer": (
        "deployment_moves",
        lambda store: set_champion(store, "shop", "v1", expected=None, reasons={}),
        "deployments/shop.json",
    ),
    "a later pointer": ("deployment_moves", promote_second, "deployments/shop.json"),
    "an entry of the log": (
        "deployment_log",
        lambda store: LogEntry("shop", 7, "2026-11-23T13:00:00.000Z", "promoted", "v7").write(store),
        "deployments/shop/log/00000007-v7.json",
    ),
    "the index of hourly statistics": (
        "hour_index",
        lambda store: HourFolder(store, "shop", "v1", "s1").move_index(HourIndex(), ""),
        "hours/shop/v1/s1/index.json",
    ),
    "a receipt": ("receipt", RECEIPT.write_new, "receipts/people/d0.json"),
    "a definition": (
        "apply",
        lambda store: apply_definition(store, "churn", (ROOT / "examples" / "churn.toml").read_text(), "ada"),
        "definitions/churn.json",
    ),
    "forgotten keys": (
        "forgotten_keys",
        lambda store: ForgottenKeys.add(store, "shop", {"id": np.array([7.0])}, salted_hashes),
        "forgotten/shop.json",
    ),
    "an answer to a run that waits": (
        "approval",
        lambda store: APPROVAL.write_answer(store, ""),
        f"approvals/{APPROVAL.model}/{APPROVAL.run}.json",
    ),
    "a round of monitoring": (
        "monitoring_round",
        lambda store: MonitoringRound("e").begin(store, datetime(2026, 11, 23, 13, tzinfo=UTC)),
        "rounds/20261123T130000Z.json",
    ),
}
"""Every conditional write: its module, how it is made, and the key of its object."""


def test_every_conditional_write_is_in_the_table() -> None:
    paths = [path for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")]
    conditional = re.compile(r"(?<!def )\b(store|lake)\.(write_new|replace|swap)\(")

    assert {path.stem for path in paths if conditional.search(path.read_text())} == {row[0] for row in WRITES.values()}


@pytest.mark.parametrize("name", WRITES)
def test_a_conditional_write_that_s3_puts_off_and_does_not_answer_is_made(
    aws: Aws, s3: FailingS3, store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module, write, key = WRITES[name]
    monkeypatch.setattr(store, "_patience", replace(storage.HURRIED, pauses=(0,) * 5))
    if name == "a later pointer":
        set_champion(store, "shop", "v1", expected=None, reasons={})
    s3.failing_key, s3.failures = key, [CONFLICT, TIMEOUT, LOST_ANSWER]
    before = len(aws.objects(""))

    write(store)

    assert s3.failures == []
    assert key in aws.objects("")
    if module == "deployment_moves":
        deployment = Deployment.read(store, "shop")
        assert deployment.champion_version == ("v2" if before else "v1")
        assert len(aws.objects("deployments/shop/log/")) == deployment.sequence
