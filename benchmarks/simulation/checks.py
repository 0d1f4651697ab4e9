"""Cells of the method checks: is each planted fault found, and nothing where there is none?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from itertools import cycle
from typing import TYPE_CHECKING

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.checked_tables import Shape, check_table, define, fit_checked, invented_table
from benchmarks.simulation.planted_faults import ADDED, FAULTS, plant_fault, search_tree
from benchmarks.simulation.public_tables import count_public_tables, public_tables
from refrain.checks.model_checks import MAX_SPARED, SURE
from refrain.lake.method_checks import METHOD_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.simulation.cell import Random
    from benchmarks.simulation.checked_tables import CheckedTable
    from refrain.lake.method_checks import Finding

FOUND = Bound("found", at_least=0.95)
FALSE = Bound("false", at_most=0.02)

CLEAN = (
    ("two classes", Shape()),
    ("few rows", Shape(rows=600)),
    ("a rare class", Shape(rows=6000, events=0.05)),
    ("four classes", Shape(classes=4)),
    ("values", Shape(classes=0)),
    ("values in the order of time", Shape(classes=0, by_time=True)),
    ("classes in the order of time", Shape(by_time=True, noise=2.0)),
)
"""Invented tables without a fault."""
IN_CI = ("two classes", "few rows", "values")


def planted(check: str, random: Random) -> Mapping[str, float]:
    """Plant the fault of a check, and see whether it is found, in the column where it is."""
    table, model = plant_fault(check, random)
    checks = check_table(table, model=model, with_model=FAULTS[check].needs_model)
    findings = [finding for finding in checks.findings if finding.check == check]
    if findings and findings[0].columns and ADDED in table.columns:
        findings = [finding for finding in findings if ADDED in finding.columns]
    return {"found": bool(findings)}


def clean(shape: Shape, random: Random) -> Mapping[str, float]:
    """Make all checks on an invented table without a fault."""
    return _false(invented_table("clean", shape, int(random.integers(2**31))))


def wide_search(shape: Shape, random: Random) -> Mapping[str, float]:
    """Search between bounds that hold the best value well within them."""
    table = invented_table("clean", shape, int(random.integers(2**31)))
    changes = search_tree(table.columns, max_depth={"low": 1, "high": 30}, min_samples_leaf={"low": 1, "high": 300})
    searched = replace(table, definition=define(table.columns, table.definition.task, **changes))
    findings = check_table(searched, with_model=False).findings
    return {"false": any(finding.check == "search_at_edge" for finding in findings)}


def public(_random: Random) -> Mapping[str, float]:
    """Make all checks on the next public table."""
    return _false(next(_tables()))


@cache
def _tables() -> Iterator[CheckedTable]:
    return cycle(list(public_tables()))


def _false(table: CheckedTable) -> Mapping[str, float]:
    """Return the share of the checks that find what is not there, and whether any does."""
    findings = [
        finding
        for finding in check_table(table).findings
        if finding.check not in table.expected and not _is_dispensable(table, finding)
    ]
    checks = {finding.check for finding in findings}
    return {"false": len(checks) / len(METHOD_CHECKS), "any false": bool(checks)}


def _is_dispensable(table: CheckedTable, finding: Finding) -> bool:
    """Tell whether a model that is fitted without the features named useless is not surely and visibly worse."""
    if finding.check != "useless_features":
        return False
    whole, less = (fit_checked(rows) for rows in (table.rows(), table.rows(without=finding.columns)))
    lead, _ = whole.holdout.lead(whole.metric)
    losses = whole.metric.gain(
        *(model.metric.influence(model.holdout.truth, model.holdout.answers) for model in (whole, less))
    )
    return bool(losses.mean() <= max(MAX_SPARED * lead, SURE * losses.std() / len(losses) ** 0.5))


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for check in FAULTS:
        runs = 100 if FAULTS[check].needs_model else 200
        sample = 2 if FAULTS[check].needs_model else 5
        yield Cell("checks", f"planted: {check}", partial(planted, check), runs, bounds=(FOUND,), ci_runs=sample)
    for name, shape in CLEAN:
        sample = 1 if name in IN_CI else 0
        yield Cell("checks", f"clean: {name}", partial(clean, shape), runs=50, bounds=(FALSE,), ci_runs=sample)
    for name in ("two classes", "values"):
        search = partial(wide_search, dict(CLEAN)[name])
        yield Cell("checks", f"clean: a wide search, {name}", search, runs=100, bounds=(FALSE,), ci_runs=1)
    yield Cell("checks", "clean: public tables", public, runs=count_public_tables(), bounds=(FALSE,))
