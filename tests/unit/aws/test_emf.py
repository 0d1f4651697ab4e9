"""Metrics are lines of the stack's namespace, in total and by one dimension."""

from __future__ import annotations

import json
from typing import Any

import pytest

from refrain.aws.emf import count_for_release, count_metric, measure
from refrain.errors import InvalidRequest


def line(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The definition of the metrics of the only line, and the rest of it."""
    document = json.loads(capsys.readouterr().out)
    (definition,) = document.pop("_aws")["CloudWatchMetrics"]
    return definition, document


def test_an_event_is_counted_for_its_model_in_the_namespace_of_the_stack(capsys: pytest.CaptureFixture[str]) -> None:
    count_metric("Drifted", "people", report="r")

    definition, rest = line(capsys)
    assert definition["Namespace"] == "Refrain/tests"
    assert definition["Dimensions"] == [[], ["model"]]
    assert rest == {"model": "people", "Drifted": 1, "report": "r"}


def test_a_failure_is_counted_for_the_version_of_the_function(capsys: pytest.CaptureFixture[str]) -> None:
    count_for_release("RequestFailed", code="internal")

    definition, rest = line(capsys)
    assert definition["Dimensions"] == [[], ["function_version"]]
    assert rest == {"function_version": "7", "RequestFailed": 1, "code": "internal"}


def test_a_function_without_a_namespace_counts_nothing_for_another_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFRAIN_METRIC_NAMESPACE")

    with pytest.raises(InvalidRequest, match="REFRAIN_METRIC_NAMESPACE"):
        measure({"RowsKept": 1}, {"model": "people"})
