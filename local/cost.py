"""`python -m local.cost`: what the stack costs, in dollars, from the template, the definitions and a table of prices.

The prices are AWS's and dated; how large and how slow things are is assumed, by figures that can be given.
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
"""Of a month."""

_MB, _KB = 1024, 1024**2  # of a gigabyte
STEPS_ON_THE_WAY = ("Retrain or roll back?", "Take a snapshot", "Enough to learn from?", "Train the candidates")
STEPS_TO_THE_END = ("Compare with the champion", "Better?", "Promote")


@dataclass(frozen=True)
class Assumptions:
    """What is not written anywhere, and can be given: `--rows-a-request 20`.

    A month's volumes; then how large requests are, and how long functions take.
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
    look_seconds: float = 2
    kept_gigabytes: float = 10


@dataclass(frozen=True)
class StackFacts:
    """What the template and the definitions say of it: memory in MB by function, metrics that alarms look at."""

    memory: Mapping[str, int]
    alarmed: int
    dashboards: int
    models: int
    candidates: float


def read_stack(template: Template, models: Path) -> StackFacts:
    """Read what costs depend on."""
    definitions = [load_definition(path) for path in sorted(models.glob("*.toml"))]
    alarms = [alarm.properties for alarm in template.of_type("AWS::CloudWatch::Alarm")]
    said = template.function_globals
    return StackFacts(
        memory={
            function.logical_id: int({**said, **function.properties}["MemorySize"])
            for function in template.of_type("AWS::Serverless::Function")
        },
        alarmed=sum(
            sum("MetricStat" in each for each in alarm.get("Metrics", [{"MetricStat": 1}])) for alarm in alarms
        ),
        dashboards=len(list(template.of_type("AWS::CloudWatch::Dashboard"))),
        models=len(definitions),
        candidates=sum(len(each.training.candidates) for each in definitions) / max(1, len(definitions)),
    )


class Costs:
    """Dollars for one of each kind of thing, item by item."""

    def __init__(self, stack: StackFacts, prices: Mapping[str, Any], assumed: Assumptions) -> None:
        self._stack = stack
        self._prices = prices
        self._assumed = assumed

    def million_predictions(self) -> dict[str, float]:
        """A million rows that are answered."""
        given, prices = self._assumed, self._prices
        requests = 1_000_000 / given.rows_a_request
        captured = 1_000_000 * given.captured_kilobytes_a_row / _KB
        logged = captured + requests * given.logged_kilobytes_a_request / _KB
        return {
            "API Gateway": requests / 1_000_000 * prices["api_gateway"]["million_requests"],
            "Lambda": self._calls("InferenceFunction", requests, given.milliseconds_a_request / 1000),
            "logs": logged * prices["cloudwatch"]["gigabyte_logged"],
            "capture": captured * (prices["firehose"]["gigabyte"] + prices["s3"]["gigabyte_month"]),
        }

    def gigabyte_ingested(self) -> dict[str, float]:
        """A gigabyte of CSV that is uploaded as one file and kept for a month, as it came and as rows."""
        prices = self._prices
        return {
            "Lambda": self._calls("IngestFunction", 1, self._assumed.ingest_seconds_a_gigabyte),
            "SQS": 10 * prices["sqs"]["million_requests"] / 1_000_000,
            "S3": 2 * prices["s3"]["gigabyte_month"] + 300 * prices["s3"]["thousand_writes"] / 1000,
            "metrics": self._counted(2),
        }

    def retraining(self) -> dict[str, float]:
        """A run that ends in a promotion, with as many candidates as the definitions have on average."""
        given, prices, candidates = self._assumed, self._prices, self._stack.candidates
        transitions = len(STEPS_ON_THE_WAY) + candidates + len(STEPS_TO_THE_END)
        return {
            "Step Functions": transitions * prices["step_functions"]["thousand_transitions"] / 1000,
            "Lambda": self._calls("SnapshotFunction", 1, given.snapshot_seconds)
            + self._calls("TrainFunction", candidates, given.train_seconds)
            + self._calls("EvaluateFunction", 1, given.evaluate_seconds)
            + self._calls("MoveFunction", 1, given.move_seconds),
            "S3": 50 * (prices["s3"]["thousand_writes"] + 4 * prices["s3"]["thousand_reads"]) / 1000,
            "metrics": self._counted(1),
        }

    def idle_month(self) -> dict[str, float]:
        """A month in which nobody uploads, retrains or asks."""
        given, prices, stack = self._assumed, self._prices, self._stack
        return {
            "alarms": stack.alarmed * prices["cloudwatch"]["alarm_month"],
            "dashboard": stack.dashboards * prices["cloudwatch"]["dashboard_month"],
            "hourly looks": self._calls("MonitoringFunction", HOURS, given.look_seconds * stack.models)
            + HOURS * stack.models * 10 * prices["s3"]["thousand_writes"] / 1000,
            "what is kept": given.kept_gigabytes * prices["s3"]["gigabyte_month"],
        }

    def endpoint_month(self) -> float:
        """An endpoint that is always on, for one model."""
        return HOURS * float(self._prices["sagemaker"]["endpoint_hour"])

    def _counted(self, metrics: int) -> float:
        """Metrics of ours, over all models and for one, in the hour in which they count something."""
        return float(2 * metrics * self._prices["cloudwatch"]["metric_month"] / HOURS)

    def _calls(self, function: str, calls: float, seconds: float) -> float:
        prices = self._prices["lambda"]
        memory = self._stack.memory[function] / _MB
        return float(calls * (seconds * memory * prices["gigabyte_second"] + prices["million_requests"] / 1_000_000))


def cost_table(costs: Costs, stack: StackFacts, assumed: Assumptions, seen: str) -> str:
    """All of it, for people."""
    parts = [
        ("a million predictions", costs.million_predictions(), assumed.predictions / 1_000_000),
        ("a gigabyte ingested", costs.gigabyte_ingested(), assumed.gigabytes),
        ("a retraining run", costs.retraining(), assumed.retrainings * stack.models),
        ("a month of nothing", costs.idle_month(), 1),
    ]
    lines = [f"Dollars, at AWS's prices of us-east-1 as of {seen}, without free tiers (local/prices.toml)", ""]
    for name, items, _ in parts:
        each = ", ".join(f"{item} {dollars:.4f}" for item, dollars in items.items())
        lines.append(f"{name:<24}{sum(items.values()):>10.4f}   {each}")
    month = sum(sum(items.values()) * times for _, items, times in parts)
    volumes = (
        f"{assumed.predictions:,.0f} predictions, {assumed.gigabytes:g} GB, "
        f"{assumed.retrainings:g} runs for each of {stack.models} models"
    )
    endpoints = costs.endpoint_month()
    return "\n".join(
        [
            *lines,
            "",
            f"{'your month':<24}{month:>10.2f}   {volumes}",
            f"{'an always-on endpoint':<24}{endpoints:>10.2f}   for one model; {endpoints * stack.models:.2f} for all",
            "",
            "Assumed: " + ", ".join(f"{each.name} {getattr(assumed, each.name):g}" for each in fields(assumed)[3:]),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m local.cost", description="What the stack costs.")
    for each in fields(Assumptions):
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=float, default=each.default)
    assumed = Assumptions(**vars(parser.parse_args(arguments)))
    stack = read_stack(read_template(PROJECT / "template.yaml"), PROJECT / "layers" / "models")
    prices = tomllib.loads(PRICES.read_text())
    print(cost_table(Costs(stack, prices, assumed), stack, assumed, prices["seen"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
