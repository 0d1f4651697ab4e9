"""All checks of a run: what is ignored, what is bounded, and that each finds the fault it is named after."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulation.planted_faults import FAULTS
from preprocessing import parse_definition
from preprocessing.rules_section import CHECK_NAMES
from refrain.checks.checked_rows import CheckedRows
from refrain.checks.run_checks import MAX_FINDINGS, check_method
from refrain.lake.method_checks import METHOD_CHECKS
from tests.checked import checked

CONSTANT = {f"constant {number:02d}": np.ones(1500) for number in range(MAX_FINDINGS + 3)}


def test_the_checks_that_can_be_ignored_are_those_that_have_a_code() -> None:
    assert list(METHOD_CHECKS) == list(CHECK_NAMES) == list(FAULTS)
    assert sorted(METHOD_CHECKS.values()) == list(METHOD_CHECKS.values())


def test_a_table_without_a_fault_has_no_findings() -> None:
    assert check_method(checked(), None).findings == []


def test_one_fault_of_many_columns_stays_short() -> None:
    findings = check_method(checked(added=CONSTANT), None).findings

    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].sentence == "The same holds for 3 more columns."
    assert [column for finding in findings for column in finding.columns] == sorted(CONSTANT)


@pytest.mark.parametrize(("ignored", "left"), [(["constant_column"], 0), (["constant_column:constant 00"], 2)])
def test_a_check_is_ignored_as_a_whole_or_for_a_column(ignored: list[str], left: int) -> None:
    rows = checked(added=dict(list(CONSTANT.items())[:3]))
    definition = parse_definition("table", {**rows.definition.document, "checks": {"ignore": ignored}}, "table.toml")

    checks = check_method(CheckedRows(definition, rows.train.whole, rows.holdout.whole), None)

    assert len(checks.findings) == left
    assert checks.ignored == ignored
