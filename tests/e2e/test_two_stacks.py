"""Two stacks run side by side on one machine; the second one starts inference from a snapshot of its memory."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud import Cloud
from local.credentials import LIFETIME_SECONDS
from local.demo.uploads import tumour_uploads
from local.guard import RECORD_FILE
from local.stack_client import StackClient
from tests.e2e.conftest import EXAMPLES
from tests.e2e.test_capture import MODEL, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SNAPSHOTS = {"SnapStart": "PublishedVersions"}


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory, template: Path | None) -> Iterator[list[Cloud]]:
    """Two stacks that started at the same time."""
    folders = (tmp_path_factory.mktemp("usual"), tmp_path_factory.mktemp("dev"))
    usual = Cloud(folders[0], template=template)
    dev = Cloud(folders[1], template=template, stack="refrain-dev", parameters=SNAPSHOTS)
    with ExitStack() as running, ThreadPoolExecutor(2) as threads:
        yield list(threads.map(running.enter_context, [usual, dev]))


@pytest.fixture(scope="module")
def clients(clouds: list[Cloud]) -> list[StackClient]:
    """Clients of both, after a run of each at the same time."""
    clients = [StackClient(cloud) for cloud in clouds]
    with ThreadPoolExecutor(2) as threads:
        for trained in threads.map(train, clients):
            assert trained["outcome"] == "promoted"
    return clients


def train(client: StackClient) -> dict[str, Any]:
    """Upload rows and train a version."""
    client.apply(EXAMPLES / "tumours.toml")
    for key, content in tumour_uploads().first:
        client.upload(key, content)
        assert client.receipt(key)["status"] == "kept"
    execution = client.retrain(MODEL)
    for _ in client.states(execution):
        pass
    return client.outcome(execution)


def champion(client: StackClient) -> str:
    """Return the version in service."""
    return str(json.loads(client.lake(f"deployments/{MODEL}.json"))["champion"]["version"])


def ask(client: StackClient) -> tuple[int, Any]:
    """Ask for predictions of golden rows; return the status and the version that answered."""
    golden = json.loads(client.lake(f"versions/{MODEL}/{champion(client)}/golden.json"))
    status, answer, _ = client.predict(MODEL, golden["rows"])
    return status, answer.get("model_version", answer)


def test_two_stacks_share_no_name_and_no_address(clouds: list[Cloud]) -> None:
    usual, dev = (set(cloud.stack.items()) for cloud in clouds)

    assert {name for name, _ in usual & dev} == {"region"}


def test_each_stack_serves_its_own_version(clients: list[StackClient]) -> None:
    for client in clients:
        assert ask(client) == (200, champion(client))
    assert champion(clients[0]) != champion(clients[1])


def test_each_function_uses_the_rights_and_the_resources_of_its_own_stack_only(
    clouds: list[Cloud], clients: list[StackClient]
) -> None:
    for cloud, stack in zip(clouds, ("refrain-", "refrain-dev-"), strict=True):
        records = [json.loads(line) for line in (cloud.folder / RECORD_FILE).read_text().splitlines()]
        assert {record["function"].startswith(stack) for record in records} == {True}
        assert [record for record in records if record["by"] is None] == []
        assert stack == "refrain-dev-" or not any("refrain-dev" in str(record) for record in records)


def test_inference_renews_the_credentials_that_its_endpoint_gives(clients: list[StackClient]) -> None:
    usual, dev = clients
    assert ask(dev)[0] == 200
    end = time.monotonic() + LIFETIME_SECONDS
    key, content = tumour_uploads().later[0]
    dev.upload(key, content)
    assert dev.receipt(key)["status"] == "kept"
    execution = dev.start({"model": MODEL, "force": True})
    for _ in dev.states(execution):
        pass
    time.sleep(max(end - time.monotonic(), 0))

    wait_until(lambda: ask(dev) == (200, champion(dev)))
    assert ask(usual) == (200, champion(usual))
