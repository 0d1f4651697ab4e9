"""Forget people in reports: one that names a text which only their rows have is deleted, as JSON and as a page."""

from __future__ import annotations

import html
import json
import re
from itertools import batched
from typing import TYPE_CHECKING

from refrain.lake.evaluation import list_run_reports
from refrain.lake.monitoring_report import MonitoringReport

if TYPE_CHECKING:
    from collections.abc import Collection

    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store

MAX_TEXTS_AT_ONCE = 1000
"""Texts of one pattern."""


def forget_reports(store: Store, model: str, texts: Collection[str], lake: ObjectVersions) -> int:
    """Delete the reports that name one of the texts; return how many they were."""
    patterns = [
        re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in batch))
        for batch in batched(sorted(texts), MAX_TEXTS_AT_ONCE, strict=False)
    ]
    removed = 0
    keys = [*store.keys(MonitoringReport.prefix(model)), *list_run_reports(store, model)] if texts else []
    for key in keys:
        content = store.read(key).data.decode(errors="replace")
        text = html.unescape(content) if key.endswith(".html") else json.dumps(json.loads(content), ensure_ascii=False)
        if any(pattern.search(text) for pattern in patterns):
            removed += 1
            lake.delete_all(key)
    return removed
