"""Forget people in reports and evaluations, which may name a text that only their rows have.

A report that names one is deleted, as JSON and as a page. An evaluation stays without the findings that name one, since
later runs read it.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from itertools import batched
from typing import TYPE_CHECKING

from refrain.errors import NotFound
from refrain.lake.evaluation import Evaluation, list_run_reports
from refrain.lake.monitoring_report import MonitoringReport
from refrain.lake.snapshot import list_run_folders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store

MAX_TEXTS_AT_ONCE = 1000
"""Texts of one pattern."""


def forget_reports(store: Store, model: str, texts: Collection[str], lake: ObjectVersions) -> int:
    """Delete the reports that name one of the texts; return how many they were."""
    patterns = _patterns(texts)
    removed = 0
    keys = [*store.keys(MonitoringReport.prefix(model)), *list_run_reports(store, model)] if texts else []
    for key in keys:
        content = store.read(key).data.decode(errors="replace")
        text = html.unescape(content) if key.endswith(".html") else json.dumps(json.loads(content), ensure_ascii=False)
        if _names_one(text, patterns):
            removed += 1
            lake.delete_all(key)
    return removed


def forget_findings(store: Store, model: str, texts: Collection[str]) -> None:
    """Remove the findings that name one of the texts from the evaluations of all runs."""
    patterns = _patterns(texts)
    for run in list_run_folders(store, model) if texts else ():
        try:
            evaluation = Evaluation.read(store, model, run)
        except NotFound:
            continue
        if checks := evaluation.checks:
            kept = [finding for finding in checks.findings if not _names_one(finding.sentence, patterns)]
            if len(kept) < len(checks.findings):
                replace(evaluation, checks=replace(checks, findings=kept)).write(store, model, run)


def _patterns(texts: Collection[str]) -> list[re.Pattern[str]]:
    return [
        re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in batch))
        for batch in batched(sorted(texts), MAX_TEXTS_AT_ONCE, strict=False)
    ]


def _names_one(text: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    return any(pattern.search(text) for pattern in patterns)
