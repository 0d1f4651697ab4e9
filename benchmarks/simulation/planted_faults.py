"""One fault for each method check, planted into an invented table in one of the forms that it has in practice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks.simulation.checked_tables import TARGET, CheckedTable, Shape, define, invent_columns
from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.simulation.cell import Random
    from preprocessing import Array, Columns

    type Table = dict[str, Array]

VALUES, CLASSES = Shape(classes=0), Shape()
ADDED = "added"


@dataclass(frozen=True)
class Fault:
    """How a table is changed: `plant` adds the fault to columns, and returns keys of the definition.

    A table has one of the `shapes`. `model` makes the estimator that has the fault, where it is the model's.
    """

    plant: Callable[[Random, Table], dict[str, Any]] = lambda _random, _columns: {}
    shapes: tuple[Shape, ...] = (CLASSES, VALUES)
    model: Callable[[bool], Any] | None = None
    needs_model: bool = False


def plant_fault(check: str, random: Random) -> tuple[CheckedTable, Any]:
    """Return a table with the fault of a check, and the model to check (None: the usual one)."""
    fault = FAULTS[check]
    shape = fault.shapes[random.integers(len(fault.shapes))]
    shape = replace(shape, rows=int(random.integers(1500, 6000)))
    columns = invent_columns(shape, int(random.integers(2**31)))
    changes = fault.plant(random, columns)
    if shape.by_time:
        changes = {"time": "at"} | changes
    definition = define(columns, "classification" if shape.classes else "regression", **changes)
    return CheckedTable(check, definition, columns), fault.model and fault.model(bool(shape.classes))


def _numbers(columns: Table) -> Array:
    """Return the target as numbers."""
    target = columns[TARGET]
    return target if target.dtype != object else np.unique(target.astype(str), return_inverse=True)[1].astype(float)


def _leak(random: Random, columns: Table) -> dict[str, Any]:
    truth, rows = _numbers(columns), len(columns[TARGET])
    is_class = columns[TARGET].dtype == object
    form = random.integers(3)
    wrong = random.random(rows) < 0.001
    leaked = np.where(wrong, random.permutation(truth), truth)
    if is_class and form == 0:  # a code that is set afterwards
        columns[ADDED] = objects([f"state {int(number)}" for number in leaked])
    elif is_class and form == 1:  # filled in for one class alone
        columns[ADDED] = np.where(leaked == 1, random.normal(size=rows), np.nan)
    else:  # an amount that is made of the target
        columns[ADDED] = 3 * leaked + random.normal(0, 0.02 if is_class else 0.01, rows)
    return {}


def _id(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    numbers = random.permutation(rows)
    if random.random() < 0.5:
        columns[ADDED] = numbers.astype(np.float64) + random.integers(10_000)
    else:
        columns[ADDED] = objects([f"C-{number - number % 50 * (number % 100 < 2):06d}" for number in numbers])
    return {}


def _date(random: Random, columns: Table) -> dict[str, Any]:
    days = random.integers(0, 900, len(columns[TARGET]))
    times = np.datetime64("2024-01-01", "us") + days * np.timedelta64(1, "D")
    texts = times.astype("datetime64[D]").astype(str)
    forms = (
        times,
        np.char.replace(texts, "-", "").astype(np.float64),
        times.astype(np.int64) / 1e6,
        objects(texts.tolist()),
    )
    columns[ADDED] = forms[random.integers(len(forms))]
    return {}


def _constant(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    columns[ADDED] = objects(["EUR"] * rows) if random.random() < 0.5 else np.full(rows, 1.0)
    return {}


def _missing(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    gaps = random.random(rows) < random.uniform(0.96, 0.995)
    columns[ADDED] = np.where(gaps, np.nan, random.normal(size=rows))
    return {}


def _values(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    numbers = random.integers(0, int(rows / random.uniform(1.5, 3)), rows)
    columns[ADDED] = objects([f"street {number}" for number in numbers])
    return {}


def _equal(random: Random, columns: Table) -> dict[str, Any]:
    forms = (
        objects([f"code {len(plan)}{plan[-1]}" for plan in columns["plan"]]),
        (columns["amount"] * 2.2046).round(1),
        100 - columns["second"],
    )
    columns[ADDED] = forms[random.integers(len(forms))]
    return {}


def _disguised(random: Random, columns: Table) -> dict[str, Any]:
    marked = random.random(len(columns[TARGET])) < random.uniform(0.02, 0.2)
    if random.random() < 0.5:
        columns["count"] = np.where(marked, random.choice([999.0, -99.0, 9999.0]), columns["count"])
    else:
        columns["city"] = np.where(marked, random.choice(["unknown", "Not available", "?"]), columns["city"])
    return {}


def _rare_class(random: Random, columns: Table) -> dict[str, Any]:
    rare = random.choice(len(columns[TARGET]), int(random.integers(12, 24)), replace=False)
    columns[TARGET] = columns[TARGET].copy()
    columns[TARGET][rare] = "other"
    return {}


def _frequent(random: Random, columns: Table) -> dict[str, Any]:
    target = columns[TARGET]
    if random.random() < 0.5:  # a limit
        columns[TARGET] = np.minimum(target, np.quantile(target, random.uniform(0.9, 0.96)))
    else:
        columns[TARGET] = np.where(random.random(len(target)) < random.uniform(0.04, 0.1), 0.0, target)
    return {}


def _drift(random: Random, columns: Table) -> dict[str, Any]:
    target = columns[TARGET]
    late = np.arange(len(target)) >= random.uniform(0.78, 0.85) * len(target)
    if target.dtype == object:
        columns[TARGET] = np.where(late & (random.random(len(target)) < 0.4), "yes", target)
    else:
        columns[TARGET] = np.where(late, target + random.uniform(0.7, 1.5) * target.std(), target)
    return {}


def _copies(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    again = random.choice(rows, int(rows * random.uniform(0.06, 0.3)), replace=False)
    order = random.permutation(rows + len(again))
    for name, array in columns.items():
        columns[name] = np.concatenate([array, array[again]])[order]
    return {"split": "upload" if random.random() < 0.5 else "hash"}


def _entities(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    entities = rows // int(random.integers(4, 15))
    of_rows = random.integers(0, entities, rows)
    target, own = columns[TARGET], random.permutation(columns[TARGET])[:entities][of_rows]
    columns[TARGET] = np.where(random.random(rows) < 0.6, own, target)
    columns["patient"] = objects([f"P{number}" for number in of_rows])
    if random.random() < 0.5:
        return {"ignore": ("patient",)}
    columns["visit"] = np.arange(rows, dtype=np.float64)
    return {"key": ["patient", "visit"], "split": "hash"}


def _overlap(random: Random, columns: Table) -> dict[str, Any]:
    if random.random() < 0.5:
        return {"split": "hash"}
    order = random.permutation(len(columns[TARGET]))
    for name, array in columns.items():
        columns[name] = array[order]
    return {"split": "upload"}


def _noise_target(random: Random, columns: Table) -> dict[str, Any]:
    columns[TARGET] = random.permutation(columns[TARGET])
    return {}


def _noise_feature(random: Random, columns: Table) -> dict[str, Any]:
    rows = len(columns[TARGET])
    colours = objects([f"colour {number}" for number in random.integers(0, 6, rows)])
    columns[ADDED] = colours if random.random() < 0.5 else random.normal(size=rows)
    return {}


def search_tree(columns: Columns, **search: Any) -> dict[str, Any]:
    """Return the key of a definition whose candidate is a tree of which parameters are searched for."""
    kind = "Classifier" if columns[TARGET].dtype == object else "Regressor"
    estimator = f"sklearn.tree.DecisionTree{kind}"
    return {"candidates": [{"name": "tree", "estimator": estimator, "search": {**search, "trials": 15}}]}


def _narrow_search(random: Random, columns: Table) -> dict[str, Any]:
    if random.random() < 0.5:
        return search_tree(columns, max_depth={"low": 1, "high": 3})
    most = len(columns[TARGET]) // 3
    return search_tree(columns, min_samples_leaf={"low": most // 6, "high": most})


def _deep_tree(is_class: bool) -> Any:
    return (DecisionTreeClassifier if is_class else DecisionTreeRegressor)(random_state=0)


def _by_accuracy(_random: Random, _columns: Table) -> dict[str, Any]:
    return {"metric": "accuracy"}


FAULTS: dict[str, Fault] = {
    "leaking_column": Fault(_leak, (CLASSES, VALUES, Shape(events=0.15))),
    "id_like_column": Fault(_id),
    "date_as_feature": Fault(_date),
    "constant_column": Fault(_constant),
    "mostly_missing_column": Fault(_missing),
    "too_many_values": Fault(_values),
    "equal_columns": Fault(_equal),
    "disguised_missing": Fault(_disguised),
    "rare_class": Fault(_rare_class, (CLASSES, Shape(classes=4))),
    "flattering_accuracy": Fault(_by_accuracy, (Shape(events=0.15), Shape(events=0.03))),
    "frequent_target": Fault(_frequent, (VALUES,)),
    "target_drift": Fault(_drift, (Shape(by_time=True), Shape(by_time=True, classes=0))),
    "copies": Fault(_copies),
    "entity_on_both_sides": Fault(_entities),
    "time_overlap": Fault(_overlap, (Shape(by_time=True), Shape(by_time=True, classes=0))),
    "overfit": Fault(shapes=(Shape(noise=2.5), Shape(noise=2.5, classes=0)), model=_deep_tree, needs_model=True),
    "no_better_than_trivial": Fault(_noise_target, needs_model=True),
    "useless_features": Fault(_noise_feature, needs_model=True),
    "search_at_edge": Fault(_narrow_search),
}
