"""The one mutable object of a model: moved by compare-and-swap, whoever else moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refrain.aws.storage import Store, open_store
from refrain.errors import ChampionChanged, Conflict, NotFound, StorageUnavailable
from refrain.lake.deployment import Deployment
from refrain.lake.deployment_moves import set_champion

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

ONE, TWO, THREE = "v1", "v2", "v3"


class Interrupted(Store):
    """A store in which somebody else moves the deployment between our reading and our writing."""

    def __init__(self, bucket: str, other: str, expected: str | None) -> None:
        super().__init__(bucket)
        self._other: str | None = other
        self._expected = expected

    def read(self, key: str) -> Any:
        try:
            return super().read(key)
        finally:
            if self._other and key == Deployment.key("shop"):
                other, self._other = self._other, None
                promote(Store(self.bucket), other, self._expected)


def promote(store: Store, version: str, expected: str | None) -> Deployment:
    return set_champion(store, "shop", version, expected=expected, reasons={})


def champion(aws: Aws) -> str | None:
    deployment = Deployment.read(open_store(aws.lake), "shop")
    return deployment.champion_version


def test_before_the_first_promotion_there_is_no_deployment(aws: Aws) -> None:
    assert Deployment.read_with_etag(open_store(aws.lake), "shop") == (Deployment("shop", None, None, None, None), "")


@pytest.mark.parametrize("expected", [None, "v1"], ids=["the first one", "a later one"])
def test_a_move_between_reading_and_writing_wins(aws: Aws, expected: str | None) -> None:
    if expected:
        promote(open_store(aws.lake), ONE, None)

    with pytest.raises(ChampionChanged, match=f"the champion is v2, and this run compared with {expected}"):
        promote(Interrupted(aws.lake, TWO, expected), THREE, expected)

    assert champion(aws) == "v2"


def test_the_same_promotion_by_two_at_once_is_one(aws: Aws) -> None:
    promote(open_store(aws.lake), ONE, None)

    promote(Interrupted(aws.lake, TWO, "v1"), TWO, "v1")

    assert champion(aws) == "v2"
    assert len(aws.objects("deployments/shop/log/")) == 2


def test_a_log_entry_that_a_crash_prevented_is_written_by_the_retry(aws: Aws) -> None:
    promote(open_store(aws.lake), ONE, None)
    aws.s3.delete_object(Bucket=aws.lake, Key=aws.objects("deployments/shop/log/")[0])

    promote(open_store(aws.lake), ONE, None)

    assert len(aws.objects("deployments/shop/log/")) == 1


def test_the_store_raises_only_our_errors(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(aws.lake)
    store.write("a/b", b"1")
    etag = store.read("a/b").etag

    assert store.read_if_changed("a/b", etag) is None
    assert not store.write_new("a/b", b"2")
    assert (store.exists("a/b"), store.exists("a/c")) == (True, False)
    store.replace("a/b", b"3", etag)
    with pytest.raises(Conflict):
        store.replace("a/b", b"4", etag)
    for key in ("a/c", "a//b"):
        with pytest.raises(NotFound):
            store.read(key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageUnavailable, match="a/b cannot be reached"):
        Store(aws.lake, hurried=True).read("a/b")
