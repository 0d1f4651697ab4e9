"""Small uploads through the local cloud: how many a minute can be taken, and how long each waits for its receipt."""

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
"""Uploads a minute, each for `SECONDS`, at times that know nothing of each other."""

SECONDS = 20.0
BURST = 150
ROWS = 20
LOOK = 0.03
PATIENCE = 120.0


@dataclass
class Inbox:
    """Puts files into the inbox and sees when their receipts come; all times are of one clock."""

    client: StackClient
    draw: random.Random
    put: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)

    def upload(self) -> None:
        """Put a file, which nobody else has."""
        key = f"flats/{self.draw.getrandbits(64):x}.csv"
        lines = [f"{self.draw.uniform(20, 200):.2f},{place},{self.draw.random():.6f}" for place in range(ROWS)]
        self.put[key] = time.perf_counter()
        self.client.upload(key, "\n".join(["area,rooms,price", *lines]).encode())

    def waits(self, uploading: Callable[[], object]) -> list[float]:
        """Seconds from putting each file until its receipt is there, of those that `uploading` puts."""
        self.put, before = {}, set(self.seen)
        done = threading.Event()
        looking = threading.Thread(target=self._look, args=(done,))
        looking.start()
        uploading()
        done.set()
        looking.join()
        receipts = {key: json.loads(self.client.lake(key)) for key in set(self.seen) - before}
        return [self.seen[key] - self.put[each["source"]["key"]] for key, each in receipts.items()]

    def _look(self, done: threading.Event) -> None:
        known = len(self.seen)
        end = None
        while not done.is_set() or len(self.seen) - known < len(self.put):
            if done.is_set():
                end = end or time.perf_counter() + PATIENCE
                if time.perf_counter() > end:
                    raise TimeoutError("not every upload has a receipt")
            now = time.perf_counter()
            for key in self.client.keys("receipts/flats/"):
                self.seen.setdefault(key, now)
            time.sleep(LOOK)


def measure() -> tuple[Line, Group]:
    """Upload more and more often, then all at once."""
    with tempfile.TemporaryDirectory(prefix="refrain-uploads-") as name:
        folder = Path(name)
        (folder / "definitions").mkdir()
        (folder / "definitions" / "flats.toml").write_text(FLATS, encoding="utf-8")
        with Cloud(folder / "cloud", folder / "definitions", TEMPLATE) as cloud:
            inbox = Inbox(StackClient(cloud), random.Random(7))
            inbox.waits(partial(_at_once, inbox, 10))  # the processes are started before it counts
            waited = {rate: inbox.waits(partial(_arriving, inbox, rate)) for rate in RATES}
            burst = inbox.waits(partial(_at_once, inbox, BURST))
            taken = max(inbox.seen.values()) - min(inbox.put.values())
    return _line(waited), _group(burst, taken)


def _at_once(inbox: Inbox, count: int) -> None:
    for _ in range(count):
        inbox.upload()


def _arriving(inbox: Inbox, rate: float) -> None:
    times: Iterable[float] = list(poisson_times(rate / 60, SECONDS, inbox.draw)) or [0.0]
    wrong = [each.wrong for each in send_when_due(DueRequest(at, "upload", inbox.upload) for at in times) if each.wrong]
    if wrong:
        raise RuntimeError(wrong[0])


def _line(waited: Mapping[int, list[float]]) -> Line:
    lines = {
        name: tuple(percentile(waits, share) * MILLISECONDS for waits in waited.values())
        for name, share in (("longest of ten", 90), ("median", 50))
    }
    why = (
        f"From putting a file of {ROWS} rows to its receipt. With few uploads that is the way there (the queue is "
        "asked ten times a second) and one file's work; it grows when the two processes, each of which takes the files "
        "of its batch one after another, are at work most of the time. The cloud has as many as ten."
    )
    return Line("Uploads a minute", "uploads a minute", "ms to the receipt", tuple(map(float, waited)), lines, why)


def _group(waits: list[float], seconds: float) -> Group:
    rows = (summarise("taken by two processes of ingest", "ours", [len(waits) / seconds * 60]),)
    return Group(f"{BURST} small uploads at once", "uploads a minute", rows, more_is_better=True)
