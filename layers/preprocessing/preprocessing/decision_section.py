"""Reads the section `decision` of a definition: what wrong decisions cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.model_rules import Decision
from preprocessing.tables import Key, number, of_type

if TYPE_CHECKING:
    from preprocessing.definition import Task
    from preprocessing.tables import Table


def _parse_costs(value: object) -> dict[str, dict[str, float]]:
    cost = number(least=0.0).parse
    answers = of_type(dict)(value).items()
    return {truth: {label: cost(amount) for label, amount in of_type(dict)(costs).items()} for truth, costs in answers}


_COST = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
DECISION = {
    "cost": Key(
        "costs of at least 0 by true and decided class, such as { fraud = { ok = 100 } }",
        _parse_costs,
        {},
        schema={"type": "object", "additionalProperties": _COST},
    )
}


def read_decision(table: Table, task: Task, metric: str) -> Decision:
    """Read what decisions cost; a metric of costs needs some."""
    decision = Decision(**table.read(DECISION))
    if decision.cost and task != "classification":
        raise table.fail("cost", f"expected none, since a {task} has no classes")
    if metric == "cost" and not decision.cost:
        raise table.fail("cost", "expected what wrong decisions cost, since the metric is cost")
    return decision
