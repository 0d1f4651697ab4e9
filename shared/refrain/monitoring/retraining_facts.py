"""Gather the facts for the decision on retraining: past runs, new rows and labels, and what the report says."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from preprocessing import __version__ as preprocessing_version
from preprocessing.rules_section import MAX_FAILED_RUNS
from refrain.lake.evaluation import Evaluation
from refrain.lake.label import count_labelled
from refrain.lake.receipt import Receipt
from refrain.lake.receipt_choice import choose_receipts
from refrain.lake.snapshot import Snapshot, list_runs, run_started_at, snapshot_key
from refrain.monitoring.retraining_decision import RetrainingFacts
from refrain.pages.monitoring_words import drift_sentence, quality_sentence
from refrain.times import from_iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Definition
    from refrain.aws.cloud import AwsCloud
    from refrain.aws.storage import Store
    from refrain.lake.monitoring_report import MonitoringReport


def gather_retraining_facts(
    store: Store, services: AwsCloud, definition: Definition, report: MonitoringReport, now: datetime
) -> RetrainingFacts:
    """Gather what the decision depends on; `report` has no decision yet."""
    runs = list_runs(store, definition.model)
    starts = [run_started_at(run) for run in runs[-1:]] + ([from_iso(report.last_start)] if report.last_start else [])
    last_run = max(starts, default=None)
    new_rows = _count_new_rows(store, definition, runs[-1:])
    enough = max(definition.retraining.new_rows, 1)
    if report.version and new_rows < enough:
        new_rows += count_labelled(store, definition.model, last_run, now, enough - new_rows)
    unpromoted, failed = _count_unpromoted(store, definition, runs)
    return RetrainingFacts(
        now=now,
        rules=definition.retraining,
        last_run=last_run,
        trained=run_started_at(report.version) if report.version else None,
        running=services.is_running(definition.model),
        new_rows=new_rows,
        is_read_anew=any(_read_otherwise(store, definition, run) for run in runs[-1:]),
        unpromoted=unpromoted,
        failed=failed,
        drifted=drift_sentence(report) if report.state == "drifted" else "",
        drifted_since=from_iso(report.drifted_since) if report.drifted_since else None,
        quality=quality_sentence(report) if report.breaks_gate else "",
        quality_since=from_iso(report.below_gate_since) if report.below_gate_since else None,
    )


def _count_new_rows(store: Store, definition: Definition, last: Sequence[str]) -> int:
    """Count the rows of uploads that the latest run (if any) did not have."""
    old = {digest for run in last for digest in Snapshot.read(store, definition.model, run).receipts}
    receipts = choose_receipts(Receipt.read_kept(store, definition.model), definition)
    return sum(receipt.rows_kept for receipt in receipts if receipt.digest not in old)


def _read_otherwise(store: Store, definition: Definition, run: str) -> bool:
    return Snapshot.read(store, definition.model, run).preprocessing != preprocessing_version


def _count_unpromoted(store: Store, definition: Definition, runs: Sequence[str]) -> tuple[int, int]:
    """Count the runs since the last promotion, and the latest of them that failed, of at most `MAX_FAILED_RUNS`.

    A run without a report broke off. Runs of another definition do not count: whoever changed the definition had a
    reason to hope.
    """
    model, failures = definition.model, []
    for run in reversed(runs[-MAX_FAILED_RUNS:]):
        ended = store.exists(snapshot_key(model, run, "report.html"))
        evaluation = Evaluation.read(store, model, run) if ended else None
        promoted = evaluation is not None and evaluation.outcome == "promoted"
        if promoted or Snapshot.read(store, model, run).definition != definition.document:
            break
        failures.append(evaluation is None or evaluation.failed)
    return len(failures), sum(takewhile(bool, failures))
