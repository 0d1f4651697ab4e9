"""Functions are killed at random moments, or S3 fails: every run ends well, and nothing is lost.

One round has both. `KILLS=150` goes on until so many processes were killed in the middle of a call, and then until so
many requests to S3 failed.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local.names import local_name
from local.stack_client import StackClient
from tests.e2e.faulty_cloud import Faults, FaultyCloud
from tests.e2e.test_capture import wait_until
from tests.e2e.test_rollout import DEFINITION, LOGISTIC, STUMP, TRIAL, Callers, World

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLS = int(os.environ.get("KILLS", "1"))
KILLED, FAILED = Faults(kills=0.9, killed_requests=0.02), Faults(s3=0.12)
FAULTS = [replace(KILLED, s3=FAILED.s3)] if KILLS == 1 else [KILLED, FAILED]
TRIES = 3


@dataclass
class Ledger:
    """What the stack has accepted, and so may not lose."""

    world: World
    cloud: FaultyCloud
    uploads: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def upload(self, seed: int) -> None:
        """Upload new rows."""
        self.uploads.append(f"shop/rows-{seed}.csv")
        self.world.client.upload(self.uploads[-1], rows(seed))
        assert self.world.client.receipt(self.uploads[-1])["status"] == "kept"

    def run(self, **request: Any) -> list[str]:
        """Run the state machine to its end; return its states."""
        states, ended = self.world.run(**request)
        assert ended["status"] == "SUCCEEDED", (states[-4:], ended.get("error"), ended.get("cause"))
        return states

    def trial(self, mode: str, **request: Any) -> None:
        """Let a better challenger pass a trial under requests."""
        self.world.define(LOGISTIC, TRIAL.format(mode=mode, least_rows=150))
        with Callers(self.world.client) as callers:
            states = self.run(force=True, **request)
        assert states[-1] == "Promote the challenger", states
        self.predictions += callers.ids
        self.statuses |= set(callers.statuses)

    def label(self, number: int) -> None:
        """Send labels of the latest predictions, half by a call and half by a file."""
        *ids, last = self.predictions[-number:]
        labels = [{"prediction_id": name, "label": "true"} for name in ids]
        for _ in range(TRIES):
            status, _ = self.world.client.ask("/v1/models/shop:label", {"labels": labels})
            self.statuses.add(status)
            if status == 202:
                break
        self.uploads.append(f"shop/labels/{last}.csv")
        self.world.client.upload(self.uploads[-1], f"prediction_id,label\n{last},true\n".encode())
        self.labels += [*ids, last]

    def monitor(self) -> None:
        """Monitor the model; as the state machine does, try again."""
        event = {"model": "shop", "now": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
        for _ in range(TRIES):
            answer = self.cloud.client("lambda").invoke(
                FunctionName=local_name("MonitoringFunction"), Payload=json.dumps(event).encode()
            )
            if "FunctionError" not in answer:
                self.decisions.append(json.loads(answer["Payload"].read()))
                return
        pytest.fail("monitoring failed three times")

    def round(self, number: int) -> None:
        """Live through one round of everything, and end with the first champion in service."""
        self.upload(number)
        self.trial(("shadow", "canary")[number % 2])
        self.label(20)
        self.monitor()
        assert self.run(action="rollback")[-1] == "Roll back"


def rows(seed: int) -> bytes:
    """Make rows that a straight line separates."""
    draw = random.Random(seed)
    lines = ["customer,price,size,bought"]
    for number in range(400):
        price, size = draw.gauss(0, 1), draw.gauss(0, 1)
        lines.append(f"c{seed}-{number},{price:.5f},{size:.5f},{price - 2 * size + draw.gauss(0, 0.8) > 0}")
    return "\n".join(lines).encode()


@pytest.fixture(scope="module", params=FAULTS, ids=str)
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Any) -> Iterator[Ledger]:
    """A stack after rounds with faults."""
    folder = tmp_path_factory.mktemp("cloud")
    models = folder / "definitions"
    models.mkdir()
    (models / "shop.toml").write_text(DEFINITION.format(candidate=STUMP, rollout=""))
    with FaultyCloud(request.param, folder, models=models, template=template) as cloud:
        ledger = Ledger(World(StackClient(cloud), models), cloud)
        ledger.upload(0)
        assert ledger.run()[-1] == "Promote"
        number = 0
        while number == 0 or len(cloud.faults()) < KILLS:
            number += 1
            ledger.round(number)
        wait_until(lambda: not ledger.world.client.runs())
        print(f"{number} rounds, {len(cloud.faults())} faults, {len(ledger.predictions)} predictions")
        yield ledger


def test_every_run_succeeds(lived: Ledger) -> None:
    machine = lived.world.client.stack["state_machine_arn"]
    executions = lived.cloud.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]

    assert {execution["status"] for execution in executions} == {"SUCCEEDED"}
    assert lived.cloud.faults()


def test_every_upload_has_one_receipt_that_accounts_for_all_rows(lived: Ledger) -> None:
    client = lived.world.client
    for key in lived.uploads:
        client.receipt(key)
    receipts = [json.loads(client.lake(key)) for key in client.keys("receipts/shop/")]

    assert sorted(receipt["source"]["key"] for receipt in receipts) == sorted(lived.uploads)
    assert {receipt["status"] for receipt in receipts} == {"kept"}
    assert all(receipt["rows_kept"] == receipt["rows_read"] for receipt in receipts)


def test_every_answered_prediction_is_captured_and_every_label_is_kept(lived: Ledger) -> None:
    client = lived.world.client

    wait_until(lambda: set(lived.predictions) <= captured(client))
    batches = [json.loads(client.lake(key)) for key in client.keys("labels/shop/")]
    assert {label["prediction_id"] for batch in batches for label in batch["labels"]} >= set(lived.labels)


def captured(client: StackClient) -> set[str]:
    """Return the ids of all captured predictions."""
    lines = [line for key in client.keys("captured/shop/") for line in gzip.decompress(client.lake(key)).splitlines()]
    return {row["id"] for line in lines for row in json.loads(line)["rows"]}


def test_callers_get_an_answer_or_a_reason_to_ask_again(lived: Ledger) -> None:
    assert lived.statuses <= {200, 202, 502, 503}


def test_the_deployment_is_what_its_log_says(lived: Ledger) -> None:
    deployment, moves = lived.world.deployment(), lived.world.history()["moves"]

    champions = [move["version"] for move in moves if move["event"] in ("promoted", "rolled_back")]
    assert champions[-1] == deployment["champion"]["version"]
    assert deployment["challenger"] is None
    assert [move["event"] for move in moves[1:]] == ["trial_started", "promoted", "rolled_back"] * (len(moves) // 3)
