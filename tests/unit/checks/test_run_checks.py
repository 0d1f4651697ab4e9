"""All checks of a run: what is ignored, what is bounded, and that each finds the fault it is named after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.simulation.checked_tables import define
from benchmarks.simulation.planted_faults import FAULTS
from preprocessing import learn_vocabularies, objects, parse_definition
from preprocessing.rules_section import CHECK_NAMES
from refrain.checks.checked_rows import CheckedRows
from refrain.checks.run_checks import MAX_FINDINGS, check_method
from refrain.lake.method_checks import METHOD_CHECKS, MethodChecks
from tests.checked import checked

if TYPE_CHECKING:
    from preprocessing import Array

CONSTANT = {f"constant {number:02d}": np.ones(1500) for number in range(MAX_FINDINGS + 3)}


def test_the_checks_that_can_be_ignored_are_those_that_have_a_code() -> None:
    assert list(METHOD_CHECKS) == list(CHECK_NAMES) == list(FAULTS)
    assert sorted(METHOD_CHECKS.values()) == list(METHOD_CHECKS.values())


def test_a_table_without_a_fault_has_no_findings() -> None:
    assert check_method(checked(), None).findings == []


def odd_columns(rows: int) -> st.SearchStrategy[Array]:
    """Draw a column as odd as the preprocessing layer lets pass: of few values, of none, or of another in each row."""
    numbers = st.sampled_from([0.0, 1.0, -1.0, 0.5, 999.0, 2.0**40, 1.7e308, -1e-300, 20240131.0, 1.7e9, np.nan])
    texts = st.sampled_from(["a", "b", "", "?", "2024-01-31", "unknown", "\u2009", None])
    times = st.sampled_from([np.datetime64(day, "us") for day in ("0001-01-01", "2024-01-01", "9999-12-31", "NaT")])
    columns: list[st.SearchStrategy[Array]] = [
        st.lists(numbers, min_size=rows, max_size=rows).map(np.array),
        st.lists(texts, min_size=rows, max_size=rows).map(objects),
        st.lists(times, min_size=rows, max_size=rows).map(lambda values: np.array(values, "datetime64[us]")),
        st.just(np.arange(float(rows))),
        st.just(objects([f"row {row}" for row in range(rows)])),
    ]
    return st.one_of(columns)


@settings(max_examples=60)
@given(st.data(), st.sampled_from([20, 21, 60]), st.sampled_from(["upload", "hash"]), st.booleans())
def test_no_table_however_odd_stops_the_checks(data: st.DataObject, rows: int, split: str, is_class: bool) -> None:
    columns = {f"column {index}": data.draw(odd_columns(2 * rows)) for index in range(3)}
    labels = st.sampled_from(["no", "yes", "maybe"]) if is_class else st.sampled_from([0.0, 1.0, -5.5, 1e300])
    target = data.draw(st.lists(labels, min_size=2 * rows, max_size=2 * rows))
    columns["target"] = objects(target) if is_class else np.array(target)
    if not is_class and data.draw(st.booleans()):
        columns["target"] = np.arange(2.0 * rows)
    definition = define(columns, "classification" if is_class else "regression", split=split)
    train, holdout = (
        {name: array[side] for name, array in columns.items()} for side in (slice(rows), slice(rows, None))
    )

    checks = check_method(CheckedRows(definition, train, holdout, learn_vocabularies(definition, columns)), None)

    assert MethodChecks.from_json(json.loads(json.dumps(checks.to_json(), allow_nan=False))) == checks
    assert not [finding for finding in checks.findings if "nan" in finding.sentence]


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
