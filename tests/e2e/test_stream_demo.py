"""The demo's second act on a short stretch from the end of April: all of its events happen without help."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from local.cloud import Cloud
from local.demo.flights import Flights, read_flights
from local.demo.stream import DEFINITION, MODEL, TICK, FlightStream
from local.demo.timeline import LEARNED
from local.stack_client import StackClient
from refrain.lake.deployment_log import LogEntry
from refrain.lake.monitoring_report import MonitoringReport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.demo.timeline import Timeline

WINTER_AND_EARLY_SPRING = 9
"""Skipped blocks, for which the first version is still good."""


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StackClient, Timeline]]:
    """The client and the timeline after the act."""
    models: Path = tmp_path_factory.mktemp("models")
    shutil.copy(DEFINITION, models)
    with Cloud(folder=tmp_path_factory.mktemp("cloud"), models=models, tick=TICK) as cloud:
        client = StackClient(cloud)
        act = FlightStream(client, Flights(read_flights().frame, skipped=WINTER_AND_EARLY_SPRING))
        act.train_first_version()
        act.run(blocks=8, mistake_at=6)
        yield client, act.timeline


def test_monitoring_sees_the_change_and_a_version_that_learned_it_goes_into_service(
    performed: tuple[StackClient, Timeline],
) -> None:
    _, timeline = performed
    kinds = [event.kind for event in timeline.events]
    learned = min(kinds.index(kind) for kind in LEARNED if kind in kinds)

    assert kinds.index("change_seen") <= kinds.index("run_started") < learned
    first = timeline.blocks_before(timeline.events[learned])
    after = timeline.blocks[first:]
    assert sum(block.error for block in after) < sum(block.first_version_error for block in after)
    assert [block.error for block in timeline.blocks[:2]] == pytest.approx(
        [block.first_version_error for block in timeline.blocks[:2]]
    )


def test_a_challenger_that_learned_from_the_mistake_passes_the_gate_and_is_dismissed_in_its_trial(
    performed: tuple[StackClient, Timeline],
) -> None:
    client, timeline = performed
    entries = [json.loads(client.lake(key)) for key in client.keys(LogEntry.prefix(MODEL))]
    harmful = [entry for entry in entries if entry["event"] == "dismissed" and entry["trial"]["code"] == "worse"]

    assert timeline.harm_ended
    assert [entry["event"] for entry in entries[:3]] in (
        ["promoted", "trial_started", "promoted"],
        ["promoted", "refreshed", "trial_started"],
    )
    moves = {(entry["event"], entry["version"]) for entry in entries}
    assert harmful
    assert all(("trial_started", entry["version"]) in moves for entry in harmful)
    assert all(("promoted", entry["version"]) not in moves for entry in harmful)


def test_monitoring_started_every_run_but_the_first(performed: tuple[StackClient, Timeline]) -> None:
    client, _ = performed
    snapshots = [key for key in client.keys(f"snapshots/{MODEL}/") if key.endswith("/snapshot.json")]
    reasons = [json.loads(client.lake(key))["reason"] for key in snapshots]
    prefix = MonitoringReport.prefix(MODEL)
    reports = [json.loads(client.lake(key)) for key in client.keys(prefix) if key.endswith(".json")]
    decided = {report["decision"]["reason"] for report in reports if report["decision"]["start"]}

    assert reasons[0] == "demo"
    assert set(reasons[1:]) <= decided
