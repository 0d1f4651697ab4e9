"""The second act: a stream of real flights. Nobody retrains; monitoring sees what changes and starts the runs.

Each block is predicted over HTTPS, and its labels come one block late. In reality a block takes a week or more, in
which monitoring reports and runs have plenty of time. So the stream waits for a report after each block, and for runs
while they train. It goes on while a challenger is on trial.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from local.demo import screen
from local.demo.errors import DemoFailed
from local.demo.flights import TARGET, Flights, as_csv, without_target
from local.demo.timeline import Block, LakeWatcher, StreamEvent, Timeline
from preprocessing import load_definition
from refrain.lake.deployment import Deployment
from refrain.lake.version import Manifest, version_key
from refrain.model.tabular import TabularModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.demo.flights import Row
    from local.stack_client import StackClient

DEFINITION = Path(__file__).with_name("flights.toml")
MODEL = DEFINITION.stem
TICK = 2.0
"""Seconds between two monitoring reports; on AWS it is an hour."""
BLOCKS = 30
"""From mid-February to the beginning of October. In winter the first version is as good as any again."""
MISTAKE_AT = 14
"""The number of blocks, until the end of May, before somebody uploads a mistaken export."""
MAX_BLOCKS = 40
EXPORTED_BLOCKS = 6
MISTAKE = (
    "Somebody uploads {rows:,} more flights with a wrong air time: planned arrival minus planned departure, each by "
    "its local clock."
)
CORRECTION = "The same {rows:,} flights are uploaded again with their real air time; the latest row of a key counts."
MAX_WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.3


class FlightStream:
    """Runs the act on a stack; `timeline` is what happened."""

    def __init__(self, client: StackClient, flights: Flights) -> None:
        self._client = client
        self._flights = flights
        self._watcher = LakeWatcher(client, MODEL)
        self.timeline = Timeline(gate=load_definition(DEFINITION).gate.max_metric or 0.0)
        self._first_version: TabularModel | None = None
        self._late_labels: list[dict[str, Any]] = []
        self._exported_days: tuple[str, str] | None = None

    @property
    def first_report_page(self) -> str:
        """The key of the page of the monitoring report that first started a run; empty before."""
        return self._watcher.first_page

    def train_first_version(self) -> dict[str, Any]:
        """Upload the first flights and train on them: the only run that the demo starts itself."""
        self._upload(f"{MODEL}/winter.csv", self._flights.first)
        execution = self._client.retrain(MODEL)
        for _ in self._client.states(execution):
            pass
        outcome = self._client.outcome(execution)
        if outcome["outcome"] != "promoted":
            raise DemoFailed(f"no first version was promoted: {outcome.get('reason') or outcome.get('why')}")
        self._first_version = self._load(outcome["champion"])
        return outcome

    def run(self, blocks: int = BLOCKS, mistake_at: int | None = MISTAKE_AT) -> None:
        """Stream so many blocks, and more until the mistake is dismissed and corrected.

        Raises `DemoFailed` when the story did not happen.
        """
        answered: list[list[Row]] = []
        for block in self._flights.blocks(MAX_BLOCKS):
            if mistake_at is not None and len(answered) >= mistake_at and not self._client.runs():
                self._upload_mistake_or_correction(answered)
            self._predict(block)
            answered.append(block)
            self._wait_for_report(self.timeline.blocks[-1].at)
            if len(answered) >= blocks and (mistake_at is None or self.timeline.count("correction")):
                break
        if not self.timeline.has_learned or (mistake_at is not None and not self.timeline.harm_ended):
            raise DemoFailed("the stream ended before the model learned the change and the mistake was dismissed")

    def _upload_mistake_or_correction(self, answered: list[list[Row]]) -> None:
        """Upload the mistake once the model learned the change, the correction after the dismissal that it causes."""
        if self.timeline.has_learned and not self.timeline.count("mistake"):
            self._upload_export(answered, mistaken=True)
        elif self.timeline.harm_ended and not self.timeline.count("correction"):
            self._upload_export(answered, mistaken=False)

    def _predict(self, block: list[Row]) -> None:
        """Ask for predictions of a block, then label the one before it."""
        instances = without_target(block)
        status, answer, _ = self._client.predict(MODEL, instances)
        if status != 200:
            raise DemoFailed(f"the API answered {status}: {answer}")
        labels = np.array([row[TARGET] for row in block], dtype=np.float64)
        predictions = np.array([prediction["value"] for prediction in answer["predictions"]])
        result = Block(
            day=str(block[0]["departs"])[:10],
            error=float(np.abs(predictions - labels).mean()),
            first_version_error=float(np.abs(self._predict_by_first_version(instances) - labels).mean()),
            version=answer["model_version"],
            at=datetime.now(UTC),
        )
        self.timeline.blocks.append(result)
        screen.print_block(result, self.timeline.gate)
        self._send_late_labels()
        named_labels = zip(answer["prediction_ids"], labels.tolist(), strict=True)
        self._late_labels = [{"prediction_id": name, "label": label} for name, label in named_labels]

    def _send_late_labels(self) -> None:
        if self._late_labels:
            status, answer = self._client.ask(f"/v1/models/{MODEL}:label", {"labels": self._late_labels})
            if status != 202:
                raise DemoFailed(f"the labels were answered with {status}: {answer}")

    def _predict_by_first_version(self, instances: list[Row]) -> Any:
        assert self._first_version is not None, "the stream begins with a first version"
        columns, _ = self._first_version.prepare(instances)
        return self._first_version.predict_columns(columns)[:, 0]

    def _upload_export(self, answered: list[list[Row]], *, mistaken: bool) -> None:
        """Upload more flights of the last weeks, and wait until monitoring has started a run on them."""
        if self._exported_days is None:
            self._exported_days = str(answered[-EXPORTED_BLOCKS:][0][0]["departs"]), str(answered[-1][-1]["departs"])
        rows = self._flights.export(*self._exported_days, mistaken=mistaken)
        self._upload(f"{MODEL}/{'export' if mistaken else 'export-corrected'}.csv", rows)
        text = (MISTAKE if mistaken else CORRECTION).format(rows=len(rows))
        self._add_event(StreamEvent(datetime.now(UTC), "mistake" if mistaken else "correction", text))
        self._wait_until(lambda: bool(self._client.runs()))
        self._wait_until(self._is_settled)

    def _upload(self, key: str, rows: list[Row]) -> None:
        self._client.upload(key, as_csv(rows))
        receipt = self._client.receipt(key)
        if receipt["status"] != "kept" or receipt["rows_rejected"]:
            raise DemoFailed(f"{key} was {receipt['status']}, {receipt.get('rows_rejected')} rows rejected")

    def _load(self, version: str) -> TabularModel:
        manifest = Manifest.from_json(json.loads(self._client.lake(Manifest.key(MODEL, version))))
        return TabularModel.load(manifest, self._client.lake(version_key(MODEL, version, "model.onnx")))

    def _wait_for_report(self, answered_at: datetime) -> None:
        """Wait for a monitoring report after a block was answered, and as long as a run trains."""
        self._wait_until(lambda: self._watcher.reported_at >= answered_at)
        self._wait_until(self._is_settled)
        self._add_new_events()

    def _is_settled(self) -> bool:
        """Whether the API serves the latest deployment, and every run has ended or is in a trial."""
        deployment = json.loads(self._client.lake(Deployment.key(MODEL)))
        champion, challenger = deployment["champion"], deployment["challenger"]
        if self._client.runs() and not challenger:
            return False
        _, details = self._client.ask(f"/v1/models/{MODEL}")
        served = details["model_version"], (details["challenger"] or {}).get("version")
        return bool(served == (champion["version"], (challenger or {}).get("version")))

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + MAX_WAIT_SECONDS
        while not condition():
            if time.monotonic() > end:
                raise DemoFailed(f"the stream waited for more than {MAX_WAIT_SECONDS:g} seconds")
            time.sleep(PAUSE_SECONDS)
            self._add_new_events()

    def _add_new_events(self) -> None:
        for event in self._watcher.new_events():
            self._add_event(event)

    def _add_event(self, event: StreamEvent) -> None:
        self.timeline.events.append(event)
        screen.print_event(event)
