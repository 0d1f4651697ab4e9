"""Small uploads through the local cloud: the rate that it can handle, and the wait for a receipt."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.arrivals import DueRequest, percentile, poisson_times, send_when_due
from benchmarks.built_functions import TEMPLATE
from benchmarks.result import Group, Line
from benchmarks.service import FLATS
from benchmarks.timing import MILLISECONDS, summarise
from local.cloud import Cloud
from local.stack_client import StackClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

RATES = (10, 60, 300, 900)
"""Uploads a minute at independent times, each rate for `SECONDS`."""

SECONDS = 20.0
BURST = 150
ROWS = 20
PAUSE_SECONDS = 0.03
PATIENCE = 120.0


@dataclass
class Inbox:
    """Uploads files and records when their receipts come, by one clock."""

    client: StackClient
    draw: random.Random
    put: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)

    def upload(self) -> None:
        """Upload a new file."""
        key = f"flats/{self.draw.getrandbits(64):x}.csv"
        lines = [f"{self.draw.uniform(20, 200):.2f},{index},{self.draw.random():.6f}" for index in range(ROWS)]
        self.put[key] = time.perf_counter()
        self.client.upload(key, "\n".join(["area,rooms,price", *lines]).encode())

    def waits(self, uploading: Callable[[], object]) -> list[float]:
        """Return the seconds from each upload of `uploading` to its receipt."""
        self.put, before = {}, set(self.seen)
        done = threading.Event()
        watching = threading.Thread(target=self._watch, args=(done,))
        watching.start()
        uploading()
        done.set()
        watching.join()
        receipts = {key: json.loads(self.client.lake(key)) for key in set(self.seen) - before}
        return [self.seen[key] - self.put[receipt["source"]["key"]] for key, receipt in receipts.items()]

    def _watch(self, done: threading.Event) -> None:
        seen_before = len(self.seen)
        end = None
        while not done.is_set() or len(self.seen) - seen_before < len(self.put):
            if done.is_set():
                end = end or time.perf_counter() + PATIENCE
                if time.perf_counter() > end:
                    raise TimeoutError("not every upload has a receipt")
            now = time.perf_counter()
            for key in self.client.keys("receipts/flats/"):
                self.seen.setdefault(key, now)
            time.sleep(PAUSE_SECONDS)


def measure() -> tuple[Line, Group]:
    """Upload at increasing rates, then all at once."""
    with tempfile.TemporaryDirectory(prefix="refrain-uploads-") as name:
        folder = Path(name)
        (folder / "definitions").mkdir()
        (folder / "definitions" / "flats.toml").write_text(FLATS, encoding="utf-8")
        with Cloud(folder / "cloud", folder / "definitions", TEMPLATE) as cloud:
            inbox = Inbox(StackClient(cloud), random.Random(7))
            inbox.waits(partial(_at_once, inbox, 10))  # start the processes first
            waited = {rate: inbox.waits(partial(_arriving, inbox, rate)) for rate in RATES}
            burst = inbox.waits(partial(_at_once, inbox, BURST))
            taken = max(inbox.seen.values()) - min(inbox.put.values())
    return _line(waited), _group(burst, taken)


def _at_once(inbox: Inbox, count: int) -> None:
    for _ in range(count):
        inbox.upload()


def _arriving(inbox: Inbox, rate: float) -> None:
    times: Iterable[float] = list(poisson_times(rate / 60, SECONDS, inbox.draw)) or [0.0]
    wrong = [
        arrival.wrong
        for arrival in send_when_due(DueRequest(at, "upload", inbox.upload) for at in times)
        if arrival.wrong
    ]
    if wrong:
        raise RuntimeError(wrong[0])


def _line(waited: Mapping[int, list[float]]) -> Line:
    lines = {
        name: tuple(percentile(waits, share) * MILLISECONDS for waits in waited.values())
        for name, share in (("longest of ten", 90), ("median", 50))
    }
    why = (
        f"From the upload of a file of {ROWS} rows to its receipt. With few uploads this is the way through the queue, "
        "which is polled ten times a second, and the work of one file. It grows when both processes, each of which "
        "takes the files of its batch one by one, are busy most of the time. AWS runs up to ten of them."
    )
    return Line("Uploads a minute", "uploads a minute", "ms to the receipt", tuple(map(float, waited)), lines, why)


def _group(waits: list[float], seconds: float) -> Group:
    rows = (summarise("taken by two processes of ingest", "ours", [len(waits) / seconds * 60]),)
    return Group(f"{BURST} small uploads at once", "uploads a minute", rows, more_is_better=True)
