"""Forget people: refuse their rows from now on, wait for what is under way, and remove what is stored of them.

Safe to repeat and to interrupt. Keys are refused before anything is removed, so an upload that is being read finds out
before its receipt. What uploads and callers sent is removed first. Then executions that may have read it must end; only
then is removed what they make of it. The receipt is done last.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from refrain.errors import ExecutionsUnderWay, ForgettingUnderWay
from refrain.forgetting.forgotten_interactions import forget_histories, forget_interactions
from refrain.forgetting.forgotten_predictions import (
    discard_prediction_texts,
    find_predictions,
    forget_captured,
    forget_hours,
    forget_labels,
)
from refrain.forgetting.forgotten_reports import forget_findings, forget_reports
from refrain.forgetting.forgotten_snapshots import find_learned, forget_snapshots
from refrain.forgetting.forgotten_uploads import find_unsearched, forget_in_uploads, read_curated_texts
from refrain.forgetting.own_texts import OwnTexts
from refrain.lake.capture.reading import UNDELIVERED
from refrain.lake.forgetting_receipt import ForgettingReceipt, folders_of_model, request_digest
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.statistics.hashing import salted_hashes
from refrain.times import from_iso, to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store
    from refrain.forgetting.people import People
    from refrain.times import Clock

MAX_WAIT_SECONDS = 3600.0
PAUSE_SECONDS = 5.0

MAX_REQUEST_TIME = timedelta(hours=2)
"""A request that has not ended by then has broken off."""


class Executions(Protocol):
    """The executions of a state machine."""

    def running_executions(self, model: str) -> list[str]:
        """List those that may work on a model."""

    def is_over(self, execution: str) -> bool:
        """Tell whether one has ended."""


@dataclass(frozen=True)
class ForgettingStack:
    """What is forgotten in: the lake, the versions of both buckets, the table of histories, and what may be running."""

    store: Store
    lake: ObjectVersions
    inbox: ObjectVersions
    history_table: str
    machines: Sequence[Executions]
    tell: Callable[[str], object] = lambda _: None
    sleep: Callable[[float], object] = time.sleep
    clock: Clock = utc_now


def forget_people(stack: ForgettingStack, people: People, by: str) -> ForgettingReceipt:
    """Forget people; return the receipt.

    Raises `ExecutionsUnderWay` where a run does not end in time, and `ForgettingUnderWay`.
    """
    store, model = stack.store, people.definition.model
    stack.tell("finding their rows")
    own = OwnTexts()
    receipt = _begin(stack, people, by, own)
    ids, removed = set(receipt.predictions), Counter(receipt.removed)
    _forget_sources(stack, people, ids, removed)
    _wait(stack, model)
    stack.tell("removing what runs and monitoring made of it")
    learned, undecided = find_learned(store, people)
    removed["hours"] += forget_hours(store, model, ids, own.texts, stack.lake)
    removed["monitoring"] += forget_reports(store, model, own.texts, stack.lake)
    forget_findings(store, model, own.texts)
    removed["snapshots"] += forget_snapshots(store, people, stack.lake)
    forget_in_uploads(store, people, stack.inbox, removed)  # a receipt may have been on its way
    removed["interactions"] += forget_interactions(store, people)
    removed["histories"] += forget_histories(people, stack.history_table)
    done = replace(
        receipt,
        state="done",
        done_at=to_iso(stack.clock()),
        learned=_union(receipt.learned, learned),
        undecided=tuple(undecided),
        unsearched=tuple(find_unsearched(store, people)),
        removed=dict(removed),
        predictions=(),
    )
    for folder in folders_of_model(model):
        stack.lake.delete_former(folder)
    done.write(store, model, done.digest)
    stack.lake.delete_former(done.key(model, done.digest))
    return done


def _forget_sources(stack: ForgettingStack, people: People, ids: Collection[str], removed: Counter[str]) -> None:
    """Remove what came from outside: no execution that starts later can read it."""
    store = stack.store
    stack.tell("removing what was uploaded and asked")
    removed["labels"] += forget_labels(store, people.definition.model, ids)
    forget_in_uploads(store, people, stack.inbox, removed)
    removed["interactions"] += forget_interactions(store, people)
    removed["histories"] += forget_histories(people, stack.history_table)
    removed["captured"] += forget_captured(store, people, stack.lake)


def _begin(stack: ForgettingStack, people: People, by: str, own: OwnTexts) -> ForgettingReceipt:
    """Refuse the keys, then write down what cannot be found out again once rows are removed, and find their texts."""
    store, model = stack.store, people.definition.model
    keys = ForgottenKeys.add(store, model, people.columns, salted_hashes)
    digest = request_digest(people.names, salted_hashes(people.columns, people.names, keys.salt).tolist())
    before = ForgettingReceipt.read_if_any(store, model, digest)
    fresh = ForgettingReceipt(model, digest, "begun", by, to_iso(stack.clock()), people.names, len(people))
    receipt = replace(before or fresh, state="begun", begun_at=fresh.begun_at)
    receipt.write(store, model, digest)
    _check_alone(stack, receipt)
    learned, _ = find_learned(store, people)
    predictions, keyless = find_predictions(store, people, own)
    read_curated_texts(store, people, own, all_but_theirs=False)
    read_curated_texts(store, people, own, all_but_theirs=True)
    discard_prediction_texts(store, people, own)
    begun = replace(
        receipt,
        learned=_union(receipt.learned, learned),
        predictions=_union(receipt.predictions, predictions),
        keyless=keyless,
        undelivered=len(store.keys(UNDELIVERED)),
    )
    begun.write(store, model, digest)
    forget_reports(store, model, own.texts, stack.lake)  # while it is known which texts are theirs
    forget_findings(store, model, own.texts)
    forget_hours(store, model, (), own.texts, stack.lake)
    return begun


def _check_alone(stack: ForgettingStack, receipt: ForgettingReceipt) -> None:
    """Refuse to work beside another request; of two that begin at once, both see each other."""
    for other in ForgettingReceipt.read_all(stack.store, receipt.model):
        is_recent = stack.clock() - from_iso(other.begun_at) < MAX_REQUEST_TIME
        if other.state == "begun" and other.digest != receipt.digest and is_recent:
            withdrawn = replace(receipt, begun_at=to_iso(stack.clock() - MAX_REQUEST_TIME))
            withdrawn.write(stack.store, receipt.model, receipt.digest)
            raise ForgettingUnderWay(receipt.model, other.by, other.begun_at)


def _wait(stack: ForgettingStack, model: str) -> None:
    """Wait for the executions that may have read what is removed now; those that start later cannot."""
    waited = 0.0
    for machine in stack.machines:
        for execution in machine.running_executions(model):
            name = execution.rpartition(":")[2]
            stack.tell(f"waiting for {name} to end")
            while not machine.is_over(execution):
                if waited >= MAX_WAIT_SECONDS:
                    raise ExecutionsUnderWay(name)
                stack.sleep(PAUSE_SECONDS)
                waited += PAUSE_SECONDS


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*first, *second}))
