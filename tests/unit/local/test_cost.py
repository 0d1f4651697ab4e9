"""Costs follow from the template, the definitions and the dated table of prices."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from local.cost import (
    PRICES,
    STATES_AFTER_TRAINING,
    STATES_OF_A_ROUND,
    STATES_TO_TRAINING,
    Assumptions,
    Costs,
    StackFacts,
    cost_table,
    main,
    read_stack,
)
from local.template import read_template

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).parents[3]
NAMES = ("Inference", "Ingest", "Snapshot", "Train", "Evaluate", "Move", "Monitoring")
STACK = StackFacts(
    {f"{name}Function": 1024 for name in NAMES}, alarmed=10, polled=2, dashboards=1, models=2, candidates=3
)
EXAMPLE = {
    "lambda": {
        "million_requests": 1.0,
        "gigabyte_second": 0.001,
        "snapshot_gigabyte_second": 0.01,
        "warm_gigabyte_second": 0.1,
    },
    "api_gateway": {"million_requests": 4.0},
    "step_functions": {"thousand_transitions": 1.0},
    "s3": {"gigabyte_month": 0.0, "thousand_writes": 0.0, "thousand_reads": 0.0},
    "sqs": {"million_requests": 0.5},
    "cloudwatch": {"gigabyte_logged": 0.0, "alarm_month": 0.1, "dashboard_month": 3.0, "metric_month": 0.0},
    "firehose": {"gigabyte": 0.0},
    "sagemaker": {"endpoint_hour": 0.1},
}


def test_predictions_cost_by_request_time_and_memory() -> None:
    one = Costs(STACK, EXAMPLE, Assumptions(rows_a_request=1, milliseconds_a_request=10)).million_predictions()
    many = Costs(STACK, EXAMPLE, Assumptions(rows_a_request=100, milliseconds_a_request=10)).million_predictions()

    assert one["API Gateway"] == pytest.approx(4.0)
    assert one["Lambda"] == pytest.approx(1_000_000 * 0.010 * 0.001 + 1.0)
    assert sum(many.values()) == pytest.approx(sum(one.values()) / 100)


def test_a_run_costs_each_candidate_and_each_state() -> None:
    costs = Costs(
        STACK, EXAMPLE, Assumptions(snapshot_seconds=0, train_seconds=100, evaluate_seconds=0, move_seconds=0)
    )

    run = costs.retraining()

    assert run["Step Functions"] == pytest.approx(13 / 1000)
    assert run["Lambda"] == pytest.approx(5 * 100 * 0.001, rel=1e-3)


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("retraining/retraining.asl.yaml", [*STATES_TO_TRAINING, *STATES_AFTER_TRAINING]),
        ("monitoring/monitoring.asl.yaml", STATES_OF_A_ROUND),
    ],
)
def test_the_charged_states_lead_to_a_promotion_or_through_a_round(path: str, way: Sequence[str]) -> None:
    states = yaml.safe_load((PROJECT / "functions" / path).read_text())["States"]

    for state, following in itertools.pairwise(way):
        ways = [states[state], *states[state].get("Choices", [])]
        assert following in {way.get("Next") for way in ways} | {states[state].get("Default")}


def test_an_idle_month_costs_alarms_a_dashboard_polling_and_hourly_monitoring() -> None:
    idle = Costs(STACK, EXAMPLE, Assumptions(monitoring_seconds=1, stored_gigabytes=0)).idle_month()

    assert idle["alarms"] == pytest.approx(1.0)
    assert idle["dashboard"] == 3.0
    assert idle["SQS"] == pytest.approx(2 * 730 * 900 * 0.5 / 1_000_000)
    assert idle["hourly monitoring"] == pytest.approx(730 * (3 * 0.001 + 7 * 0.001), rel=1e-3)


def test_each_version_that_is_kept_costs_its_snapshot() -> None:
    def dollars(stack: StackFacts) -> float:
        return Costs(stack, EXAMPLE, Assumptions(kept_versions=5)).idle_month()["snapshots"]

    month = 730 * 3600 * 0.01
    assert dollars(STACK) == 0
    assert dollars(replace(STACK, snapshots=True)) == pytest.approx(month)
    assert dollars(replace(STACK, snapshots=True, keeps_versions=True)) == pytest.approx(5 * month)


def test_processes_that_are_kept_warm_cost_by_the_hour() -> None:
    idle = Costs(replace(STACK, warm=2), EXAMPLE, Assumptions()).idle_month()

    assert idle["warm processes"] == pytest.approx(2 * 730 * 3600 * 0.1)


def test_parameters_change_what_is_counted() -> None:
    parameters = {"SnapStart": "PublishedVersions", "ProvisionedConcurrency": "3", "TrainingMemory": "10240"}
    stack = read_stack(read_template(PROJECT / "template.yaml", parameters), PROJECT / "examples")

    assert (stack.snapshots, stack.keeps_versions, stack.warm) == (True, False, 3)
    assert stack.memory["TrainFunction"] == 10240


def test_the_stack_is_read_from_the_template_and_the_definitions() -> None:
    template = read_template(PROJECT / "template.yaml")
    stack = read_stack(template, PROJECT / "examples")

    assert stack.memory["InferenceFunction"] == int(template.parameters["InferenceMemory"])
    assert stack.memory["PreTrafficFunction"] == template.function_globals["MemorySize"]
    assert stack.models == len(list((PROJECT / "examples").glob("*.toml")))
    alarms = list(template.of_type("AWS::CloudWatch::Alarm"))
    assert stack.alarmed > len(alarms) - 1
    assert stack.polled == 2


def test_every_price_has_a_date_and_a_source() -> None:
    text = PRICES.read_text()
    prices = tomllib.loads(text)

    assert prices.pop("seen")
    assert text.count("https://aws.amazon.com/") == len(prices)
    assert cost_table(Costs(STACK, prices, Assumptions()), STACK, Assumptions(), "today")


def test_volumes_are_options(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--predictions", "2000000", "--retrainings", "0"])

    assert "2,000,000 predictions" in capsys.readouterr().out


def test_parameters_of_the_stack_are_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    main(["SnapStart=PublishedVersions"])

    assert "snapshots 6.8" in capsys.readouterr().out
