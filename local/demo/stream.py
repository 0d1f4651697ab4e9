"""The second act: a stream of real flights. Nobody retrains: monitoring sees what changes, and the rest follows.

Each block is asked about over HTTPS, and its labels come one block late. A block is a good week of flights: time for
many looks, and for training many times. So the stream waits for a look after each block, and while a run trains; it
goes on while a challenger is on trial.
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
from refrain.lake import keys
from refrain.lake.deployment import Deployment
from refrain.lake.version import Manifest
from refrain.model.tabular import TabularModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.demo.flights import Row
    from local.stack_client import StackClient

DEFINITION = Path(__file__).with_name("flights.toml")
MODEL = DEFINITION.stem
TICK = 2.0
"""Seconds between two looks; in the cloud it is an hour."""
BLOCKS = 30
"""From mid-February to the beginning of October; in winter the winds are as they were, and so is the first version."""
PLANTED_AT = 21
"""The block, at the end of July, before which somebody uploads a mistaken export."""
MAX_BLOCKS = 40
EXPORTED = 6
"""Blocks that an export reaches back."""
MISTAKE = (
    "Somebody uploads {rows:,} flights more, whose time in the air is planned arrival minus planned departure by the "
    "clocks on the walls."
)
MENDED = "The same {rows:,} flights are uploaded with their time in the air: of a key the latest row counts."
MAX_WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.3


class FlightStream:
    """The act on a stage; `account` is what happened."""

    def __init__(self, stage: StackClient, flights: Flights) -> None:
        self._stage = stage
        self._flights = flights
        definition = load_definition(DEFINITION)
        self._watch = LakeWatcher(stage, MODEL)
        self.account = Timeline(gate=definition.gate.max_metric or 0.0)
        self._first: TabularModel | None = None
        self._late: list[dict[str, Any]] = []
        self._exported: tuple[str, str] | None = None

    @property
    def look(self) -> str:
        """The key of the page of the look that first started a run, or nothing."""
        return self._watch.page

    def begin(self) -> dict[str, Any]:
        """Upload what the first version learns from, and train it: the only run that is started here."""
        self._upload(f"{MODEL}/winter.csv", self._flights.first)
        execution = self._stage.retrain(MODEL)
        for _ in self._stage.states(execution):
            pass
        outcome = self._stage.outcome(execution)
        if outcome["outcome"] != "promoted":
            raise DemoFailed(f"no first version was promoted: {outcome.get('reason') or outcome.get('why')}")
        self._first = self._load(outcome["champion"])
        return outcome

    def perform(self, blocks: int = BLOCKS, planted_at: int | None = PLANTED_AT) -> None:
        """Let the stream flow, and longer than `blocks` if what was planted is not dismissed yet.

        Raises `DemoFailed` when the story did not happen.
        """
        seen: list[list[Row]] = []
        for block in self._flights.blocks(MAX_BLOCKS):
            if planted_at is not None and len(seen) >= planted_at and not self._stage.runs():
                self._go_on(seen)
            self._answer(block)
            seen.append(block)
            self._pause(self.account.blocks[-1].at)
            if len(seen) >= blocks and (planted_at is None or self.account.count("mended")):
                break
        if not self.account.count("promoted") or (planted_at is not None and not self.account.harm_ended):
            raise DemoFailed("the stream ended before a challenger was promoted, and the planted one dismissed")

    def _go_on(self, seen: list[list[Row]]) -> None:
        """Plant the mistake once something was promoted; mend it once what learned from it was dismissed."""
        if self.account.count("promoted") and not self.account.count("planted"):
            self._export(seen, mistaken=True)
        elif self.account.harm_ended and not self.account.count("mended"):
            self._export(seen, mistaken=False)

    def _answer(self, block: list[Row]) -> None:
        """Ask about a block, then label the one before it."""
        instances = without_target(block)
        status, answer, _ = self._stage.predict(MODEL, instances)
        if status != 200:
            raise DemoFailed(f"the API answered {status}: {answer}")
        truth = np.array([row[TARGET] for row in block], dtype=np.float64)
        answered = np.array([each["value"] for each in answer["predictions"]])
        found = Block(
            day=str(block[0]["departs"])[:10],
            answered=float(np.abs(answered - truth).mean()),
            first=float(np.abs(self._as_first(instances) - truth).mean()),
            version=answer["model_version"],
            at=datetime.now(UTC),
        )
        self.account.blocks.append(found)
        screen.print_block(found, self.account.gate)
        self._label()
        labels = zip(answer["prediction_ids"], truth.tolist(), strict=True)
        self._late = [{"prediction_id": name, "label": value} for name, value in labels]

    def _label(self) -> None:
        if self._late:
            status, said = self._stage.ask(f"/v1/models/{MODEL}:label", {"labels": self._late})
            if status != 202:
                raise DemoFailed(f"the labels were answered with {status}: {said}")

    def _as_first(self, instances: list[Row]) -> Any:
        assert self._first is not None, "the stream begins with a first version"
        columns, _ = self._first.prepare(instances)
        return self._first.predict_columns(columns)[:, 0]

    def _export(self, seen: list[list[Row]], *, mistaken: bool) -> None:
        """Upload more flights of the last weeks, and wait until monitoring has started a run that has them."""
        if self._exported is None:
            self._exported = str(seen[-EXPORTED:][0][0]["departs"]), str(seen[-1][-1]["departs"])
        rows = self._flights.export(*self._exported, mistaken=mistaken)
        self._upload(f"{MODEL}/{'export' if mistaken else 'export-mended'}.csv", rows)
        words = (MISTAKE if mistaken else MENDED).format(rows=len(rows))
        self._note(StreamEvent(datetime.now(UTC), "planted" if mistaken else "mended", words))
        self._wait(lambda: bool(self._stage.runs()))
        self._wait(self._flows)

    def _upload(self, key: str, rows: list[Row]) -> None:
        self._stage.upload(key, as_csv(rows))
        receipt = self._stage.receipt(key)
        if receipt["status"] != "kept" or receipt["rows_rejected"]:
            raise DemoFailed(f"{key} was {receipt['status']}, {receipt.get('rows_rejected')} rows rejected")

    def _load(self, version: str) -> TabularModel:
        manifest = Manifest.from_json(json.loads(self._stage.lake(Manifest.key(MODEL, version))))
        return TabularModel.load(manifest, self._stage.lake(keys.version(MODEL, version, "model.onnx")))

    def _pause(self, answered: datetime) -> None:
        """Wait for a look since a block was answered, and as long as a run trains."""
        self._wait(lambda: self._watch.looked >= answered)
        self._wait(self._flows)
        self._tell()

    def _flows(self) -> bool:
        """Tell whether the API has heard of the latest move, and no run is under way but for a trial."""
        deployment = json.loads(self._stage.lake(Deployment.key(MODEL)))
        champion, challenger = deployment["champion"], deployment["challenger"]
        if self._stage.runs() and not challenger:
            return False
        _, served = self._stage.ask(f"/v1/models/{MODEL}")
        heard = served["challenger"]["version"] if served["challenger"] else None
        return (served["model_version"], heard) == (champion["version"], challenger["version"] if challenger else None)

    def _wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + MAX_WAIT_SECONDS
        while not holds():
            if time.monotonic() > end:
                raise DemoFailed(f"the stream waited for more than {MAX_WAIT_SECONDS:g} seconds")
            time.sleep(PAUSE_SECONDS)
            self._tell()

    def _tell(self) -> None:
        for moment in self._watch.news():
            self._note(moment)

    def _note(self, moment: StreamEvent) -> None:
        self.account.moments.append(moment)
        screen.print_event(moment)
