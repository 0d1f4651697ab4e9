"""All method checks of a run, without those that its definition ignores."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, groupby
from typing import TYPE_CHECKING

from refrain.checks.column_checks import (
    find_constant_columns,
    find_dates,
    find_disguised_missing,
    find_equal_columns,
    find_id_like_columns,
    find_leaking_columns,
    find_mostly_missing_columns,
    find_too_many_values,
)
from refrain.checks.model_checks import find_no_better_than_trivial, find_overfit, find_useless_features
from refrain.checks.search_check import find_search_at_edge
from refrain.checks.split_checks import find_copies, find_entities_on_both_sides, find_time_overlap
from refrain.checks.target_checks import (
    find_flattering_accuracy,
    find_frequent_target,
    find_rare_classes,
    find_target_drift,
)
from refrain.errors import MetricUndefined
from refrain.lake.method_checks import Finding, MethodChecks
from refrain.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from refrain.checks.checked_rows import CheckedRows
    from refrain.checks.model_checks import CheckedModel
    from refrain.checks.search_check import CheckedSearch

MAX_FINDINGS = 8
"""Of one check: a table of hundreds of columns may have the same fault in all."""

OF_ROWS: tuple[Callable[[CheckedRows], Iterator[Finding]], ...] = (
    find_leaking_columns,
    find_id_like_columns,
    find_dates,
    find_constant_columns,
    find_mostly_missing_columns,
    find_too_many_values,
    find_equal_columns,
    find_disguised_missing,
    find_rare_classes,
    find_flattering_accuracy,
    find_frequent_target,
    find_target_drift,
    find_copies,
    find_entities_on_both_sides,
    find_time_overlap,
)
OF_MODELS: tuple[Callable[[CheckedModel], Iterator[Finding]], ...] = (
    find_overfit,
    find_no_better_than_trivial,
    find_useless_features,
)


def check_method(rows: CheckedRows, model: CheckedModel | None, searched: CheckedSearch | None = None) -> MethodChecks:
    """Make all checks of the rows, and of model and search where there are any, but for what the definition ignores."""
    checks = rows.definition.checks
    findings = list(chain.from_iterable(find(rows) for find in OF_ROWS))
    if model:
        with suppress(MetricUndefined):  # then the run has no figures either
            findings += chain.from_iterable(find(model) for find in OF_MODELS)
    findings += find_search_at_edge(searched) if searched else []
    kept = [item for item in findings if not any(checks.ignores(item.check, column) for column in item.columns or [""])]
    return MethodChecks(list(_bounded(kept)), list(checks.ignore), model.name if model else None)


def _bounded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Keep the first findings of each check, and name the columns of the rest in one, so that reports stay short."""
    for check, group in groupby(findings, lambda item: item.check):
        same = list(group)
        yield from same[:MAX_FINDINGS]
        rest = [column for item in same[MAX_FINDINGS:] for column in item.columns]
        if rest:
            yield Finding.of(check, f"The same holds for {counted(len(rest), 'more column')}.", *rest)
