"""`python -m local.cost`: what the stack costs in dollars, from the template, the definitions and a table of prices.

The prices are AWS's, with their date. Sizes and durations are assumptions, which options can override.
"""

import argparse
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from local.template import Template, read_template
from preprocessing import load_definition

PROJECT = Path(__file__).resolve().parent.parent
PRICES = PROJECT / "local" / "prices.toml"
HOURS = 730
"""Hours in a month."""

POLLS = 5 * 180
"""Requests an hour by which Lambda waits for the messages of a queue: five at a time, each for up to 20 seconds."""

_MB, _KB = 1024, 1024**2  # of a gigabyte
STATES_TO_TRAINING = ("Which action?", "Take a snapshot", "Enough to learn from?", "Train the candidates")
STATES_AFTER_TRAINING = (
    "Compare with the champion",
    "To be fitted on all rows?",
    "Fit on all rows",
    "Prove the refitted model",
    "Better?",
    "Promote",
)
STATES_OF_A_ROUND = (
    "List the models",
    "A new round?",
    "Monitor each model",
    "Was each model monitored?",
    "Each model was monitored",
)


@dataclass(frozen=True)
class Assumptions:
    """A month's volumes, then the size of requests and the time that functions take.

    Each has an option of its name, such as `--rows-a-request 20`.
    """

    predictions: float = 1_000_000
    gigabytes: float = 1
    retrainings: float = 4
    rows_a_request: float = 1
    milliseconds_a_request: float = 10
    captured_kilobytes_a_row: float = 0.5
    logged_kilobytes_a_request: float = 1
    ingest_seconds_a_gigabyte: float = 75
    snapshot_seconds: float = 20
    train_seconds: float = 60
    evaluate_seconds: float = 20
    move_seconds: float = 3
    monitoring_seconds: float = 2
    stored_gigabytes: float = 10
    kept_versions: float = 12


@dataclass(frozen=True)
class StackFacts:
    """Facts from the template and the definitions.

    They are memory in MB by function, metrics with alarms, polled queues, and what inference keeps ready: whether it
    has snapshots, whether also of versions that were replaced, and how many of its processes are kept warm.
    """

    memory: Mapping[str, int]
    alarmed: int
    polled: int
    dashboards: int
    models: int
    candidates: float
    snapshots: bool = False
    keeps_versions: bool = False
    warm: int = 0


def read_stack(template: Template, models: Path) -> StackFacts:
    """Read the facts on which costs depend."""
    definitions = [load_definition(path) for path in sorted(models.glob("*.toml"))]
    inference = template.resources["InferenceFunction"]
    alarms = [alarm.properties for alarm in template.of_type("AWS::CloudWatch::Alarm")]
    return StackFacts(
        memory={
            function.logical_id: template.memory_of(function)
            for function in template.of_type("AWS::Serverless::Function")
        },
        alarmed=sum(max(1, sum("MetricStat" in metric for metric in alarm.get("Metrics", []))) for alarm in alarms),
        polled=sum(
            event["Type"] == "SQS"
            for function in template.of_type("AWS::Serverless::Function")
            for event in function.properties.get("Events", {}).values()
        ),
        dashboards=len(list(template.of_type("AWS::CloudWatch::Dashboard"))),
        models=len(definitions),
        candidates=sum(len(definition.training.candidates) for definition in definitions) / max(1, len(definitions)),
        snapshots=template.has_snap_start(inference),
        keeps_versions=inference.properties.get("VersionDeletionPolicy") != "Delete",
        warm=int(template.parameters["ProvisionedConcurrency"]),
    )


class Costs:
    """Dollars for each kind of work, item by item."""

    def __init__(self, stack: StackFacts, prices: Mapping[str, Any], assumptions: Assumptions) -> None:
        self._stack = stack
        self._prices = prices
        self._assumptions = assumptions

    def million_predictions(self) -> dict[str, float]:
        """The price of a million predictions."""
        assumptions, prices = self._assumptions, self._prices
        requests = 1_000_000 / assumptions.rows_a_request
        captured = 1_000_000 * assumptions.captured_kilobytes_a_row / _KB
        logged = captured + requests * assumptions.logged_kilobytes_a_request / _KB
        return {
            "API Gateway": requests / 1_000_000 * prices["api_gateway"]["million_requests"],
            "Lambda": self._calls("InferenceFunction", requests, assumptions.milliseconds_a_request / 1000),
            "logs": logged * prices["cloudwatch"]["gigabyte_logged"],
            "capture": captured * (prices["firehose"]["gigabyte"] + prices["s3"]["gigabyte_month"]),
        }

    def gigabyte_ingested(self) -> dict[str, float]:
        """The price of a gigabyte of CSV: one upload, kept for a month as a file and as rows."""
        prices = self._prices
        return {
            "Lambda": self._calls("IngestFunction", 1, self._assumptions.ingest_seconds_a_gigabyte),
            "SQS": 10 * prices["sqs"]["million_requests"] / 1_000_000,
            "S3": 2 * prices["s3"]["gigabyte_month"] + 300 * prices["s3"]["thousand_writes"] / 1000,
            "metrics": self._counted(2),
        }

    def retraining(self) -> dict[str, float]:
        """The price of a run that ends in a promotion, with the average number of candidates."""
        assumptions, prices, candidates = self._assumptions, self._prices, self._stack.candidates
        transitions = len(STATES_TO_TRAINING) + candidates + len(STATES_AFTER_TRAINING)
        return {
            "Step Functions": transitions * prices["step_functions"]["thousand_transitions"] / 1000,
            "Lambda": self._calls("SnapshotFunction", 1, assumptions.snapshot_seconds)
            + self._calls("TrainFunction", candidates + 2, assumptions.train_seconds)  # the refit is two fits
            + self._calls("EvaluateFunction", 2, assumptions.evaluate_seconds)
            + self._calls("MoveFunction", 1, assumptions.move_seconds),
            "S3": 50 * (prices["s3"]["thousand_writes"] + 4 * prices["s3"]["thousand_reads"]) / 1000,
            "metrics": self._counted(1),
        }

    def idle_month(self) -> dict[str, float]:
        """The price of a month without uploads, runs or predictions."""
        assumptions, prices, stack = self._assumptions, self._prices, self._stack
        return {
            "alarms": stack.alarmed * prices["cloudwatch"]["alarm_month"],
            "dashboard": stack.dashboards * prices["cloudwatch"]["dashboard_month"],
            "hourly monitoring": self._calls(
                "MonitoringFunction", HOURS * (1 + stack.models), assumptions.monitoring_seconds
            )
            + HOURS * (len(STATES_OF_A_ROUND) + stack.models) * prices["step_functions"]["thousand_transitions"] / 1000
            + HOURS * (1 + stack.models * 10) * prices["s3"]["thousand_writes"] / 1000,
            "SQS": HOURS * stack.polled * POLLS * prices["sqs"]["million_requests"] / 1_000_000,
            "storage": assumptions.stored_gigabytes * prices["s3"]["gigabyte_month"],
            "snapshots": self._kept_ready(self._snapshots(), "snapshot_gigabyte_second"),
            "warm processes": self._kept_ready(stack.warm, "warm_gigabyte_second"),
        }

    def endpoint_month(self) -> float:
        """The price of an endpoint that is always on, for one model."""
        return HOURS * float(self._prices["sagemaker"]["endpoint_hour"])

    def _snapshots(self) -> float:
        """The snapshots of inference: one, or one for each version that was not deleted; Lambda bills all of them."""
        kept = self._assumptions.kept_versions if self._stack.keeps_versions else 1
        return kept if self._stack.snapshots else 0

    def _kept_ready(self, copies: float, price: str) -> float:
        """The price of a month of copies of the memory of inference."""
        gigabytes = copies * self._stack.memory["InferenceFunction"] / _MB
        return float(gigabytes * HOURS * 3600 * self._prices["lambda"][price])

    def _counted(self, metrics: int) -> float:
        """The price of custom metrics, for all models and for one, in an hour with data."""
        return float(2 * metrics * self._prices["cloudwatch"]["metric_month"] / HOURS)

    def _calls(self, function: str, calls: float, seconds: float) -> float:
        prices = self._prices["lambda"]
        memory = self._stack.memory[function] / _MB
        return float(calls * (seconds * memory * prices["gigabyte_second"] + prices["million_requests"] / 1_000_000))


def cost_table(costs: Costs, stack: StackFacts, assumptions: Assumptions, seen: str) -> str:
    """Write all prices as a table."""
    parts = [
        ("a million predictions", costs.million_predictions(), assumptions.predictions / 1_000_000),
        ("a gigabyte ingested", costs.gigabyte_ingested(), assumptions.gigabytes),
        ("a retraining run", costs.retraining(), assumptions.retrainings * stack.models),
        ("an idle month", costs.idle_month(), 1),
    ]
    lines = [f"Dollars, at AWS's prices of us-east-1 as of {seen}, without free tiers (local/prices.toml)", ""]
    for name, items, _ in parts:
        details = ", ".join(f"{item} {dollars:.4f}" for item, dollars in items.items() if dollars)
        lines.append(f"{name:<24}{sum(items.values()):>10.4f}   {details}")
    month = sum(sum(items.values()) * times for _, items, times in parts)
    volumes = (
        f"{assumptions.predictions:,.0f} predictions, {assumptions.gigabytes:g} GB, "
        f"{assumptions.retrainings:g} runs for each of {stack.models} models"
    )
    endpoints = costs.endpoint_month()
    return "\n".join(
        [
            *lines,
            "",
            f"{'your month':<24}{month:>10.2f}   {volumes}",
            f"{'an always-on endpoint':<24}{endpoints:>10.2f}   for one model; {endpoints * stack.models:.2f} for all",
            "",
            "Assumed: "
            + ", ".join(f"{field.name} {getattr(assumptions, field.name):g}" for field in fields(assumptions)[3:]),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m local.cost", description="What the stack costs.")
    for field in fields(Assumptions):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default)
    parser.add_argument("parameters", nargs="*", metavar="Parameter=value", help="as for sam deploy")
    chosen = vars(parser.parse_args(arguments))
    parameters = dict(parameter.split("=", 1) for parameter in chosen.pop("parameters"))
    assumptions = Assumptions(**chosen)
    stack = read_stack(read_template(PROJECT / "template.yaml", parameters), PROJECT / "examples")
    prices = tomllib.loads(PRICES.read_text())
    print(cost_table(Costs(stack, prices, assumptions), stack, assumptions, prices["seen"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
