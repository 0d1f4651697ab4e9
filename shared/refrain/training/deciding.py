"""Choose by what a version decides: on the holdout, whose rows it has not learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import class_labels, class_numbers
from refrain.errors import CandidateRefused
from refrain.lake.decision_rule import DecisionRule
from refrain.statistics.decision_costs import cheapest_threshold, cost_matrix

if TYPE_CHECKING:
    from preprocessing import Array, Definition
    from refrain.arrays import Floats


def check_costs(definition: Definition, target: Array) -> None:
    """Raise `CandidateRefused` for costs of classes that training does not have."""
    costs = definition.decision.cost
    named = {*costs, *(label for amounts in costs.values() for label in amounts)}
    if not named:
        return
    if unknown := sorted(named.difference(class_labels(definition.columns[definition.target], target))):
        raise CandidateRefused(f"decision.cost: names classes that do not occur: {', '.join(unknown)}")


def learn_rule(
    definition: Definition, classes: tuple[str, ...] | None, answers: Floats, target: Array
) -> DecisionRule | None:
    """Learn from answers to the holdout [rows, classes] and its target; None where decisions have no costs."""
    if classes is None or not definition.decision.cost:
        return None
    costs = cost_matrix(classes, definition.decision.cost)
    if len(classes) != 2:
        return DecisionRule(classes, costs.tolist())
    labels = class_labels(definition.columns[definition.target], target)
    rows = np.flatnonzero(np.isin(labels, classes))
    truth = class_numbers(labels[rows], classes)
    return DecisionRule(classes, costs.tolist(), cheapest_threshold(truth, answers[rows, 1], costs))
