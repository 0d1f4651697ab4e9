"""Tables for the method checks: invented ones without a fault, public ones, and the model that is checked on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from preprocessing import encode, learn_vocabularies, objects, parse_definition
from refrain.checks.checked_rows import CheckedRows
from refrain.checks.model_checks import CheckedModel, JudgedAnswers
from refrain.checks.run_checks import check_method
from refrain.checks.search_check import CheckedSearch
from refrain.classes import aligned
from refrain.evaluation.importance import permutation_importance
from refrain.lake.search import SearchResult
from refrain.snapshot.snapshot_kind import split_by_time
from refrain.statistics.hashing import WHOLE, row_hashes
from refrain.statistics.metrics import choose_metric
from refrain.statistics.trivial_predictor import learn_trivial_answer
from refrain.training.searching import draw_trials, try_parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.arrays import Floats, Truth
    from refrain.checks.checked_rows import CheckedSide
    from refrain.lake.method_checks import MethodChecks

KINDS = {"f": "number", "M": "time", "O": "category"}
TARGET = "target"


@dataclass(frozen=True)
class CheckedTable:
    """Typed rows with their definition, and what the checks rightly find in them (`check` or `check:column`)."""

    name: str
    definition: Definition
    columns: Columns
    expected: frozenset[str] = frozenset()

    def split(self) -> tuple[Columns, Columns]:
        """Return training and holdout rows, as the snapshot splits them."""
        definition, rows = self.definition, len(self.columns[self.definition.target])
        by, share = definition.training.split, definition.training.holdout
        if by == "hash":
            held_out = row_hashes(self.columns, definition.key or tuple(self.columns)) < np.uint64(share * WHOLE)
        elif by == "time":
            held_out = split_by_time(self.columns[definition.time], share).holdout
        else:
            held_out = np.arange(rows) >= rows - round(rows * share)
        train, holdout = ({name: array[side] for name, array in self.columns.items()} for side in (~held_out, held_out))
        return train, holdout

    def rows(self, without: Collection[str] = ()) -> CheckedRows:
        """Return both sides for the checks, some of the features left out."""
        document = dict(self.definition.document)
        described = cast("Mapping[str, Mapping[str, object]]", document["columns"])
        document["columns"] = {
            name: {**column, "role": "ignore"} if name in without else column for name, column in described.items()
        }
        definition = parse_definition(self.definition.model, document, self.name)
        train, holdout = self.split()
        return CheckedRows(definition, train, holdout, learn_vocabularies(definition, train))


def define(columns: Mapping[str, Array], task: str, *, ignore: tuple[str, ...] = (), **changes: Any) -> Definition:
    """Return the definition of typed columns of which one is called `target`; `changes` are keys of `training`."""
    top: dict[str, Any] = {name: changes.pop(name) for name in ("key", "time") if name in changes}
    described: dict[str, dict[str, str]] = {
        name: {"type": KINDS[array.dtype.kind]} | ({"role": "ignore"} if name in ignore else {})
        for name, array in columns.items()
    }
    estimator = "Classifier" if task == "classification" else "Regressor"
    candidate = {"name": "boosting", "estimator": f"sklearn.ensemble.HistGradientBoosting{estimator}"}
    training = {"candidates": [candidate], **changes}
    document: dict[str, Any] = {"task": task, "target": TARGET, **top, "columns": described, "training": training}
    return parse_definition("table", document, "table.toml")


def check_table(table: CheckedTable, *, model: Any = None, with_model: bool = True) -> MethodChecks:
    """Make all checks, of a model too: by default of a forest."""
    rows = table.rows()
    return check_method(rows, fit_checked(rows, model) if with_model else None, search_checked(rows, table))


def search_checked(rows: CheckedRows, table: CheckedTable) -> CheckedSearch | None:
    """Search the parameters of the table's candidate as training does; None where there is nothing to search."""
    definition = table.definition
    (candidate,) = definition.training.candidates
    if candidate.search is None:
        return None
    drawn = list(enumerate(draw_trials(candidate.search)))
    trials = list(try_parameters(definition, candidate, table.split()[0], drawn))
    metric = choose_metric(definition.training.metric, rows.classes, _rarer(rows), definition.decision.cost)
    means = {trial.number: trial.mean for trial in trials}
    best = (max if metric.greater_is_better else min)(means, key=means.__getitem__)
    return CheckedSearch(candidate.name, metric, candidate.search, SearchResult(trials, candidate.search.trials, best))


def fit_checked(rows: CheckedRows, model: Any = None) -> CheckedModel:
    """Fit a model on the sampled training rows, and ask it about both sides."""
    definition, classes = rows.definition, rows.classes
    metric = choose_metric(definition.training.metric, classes, _rarer(rows), definition.decision.cost)
    truth, held_out = rows.sampled_train_truth[rows.train.scored], rows.sampled_holdout_truth[rows.holdout.scored]
    matrix, others = (_encoded(rows, side) for side in (rows.train, rows.holdout))
    model = (model or default_model(classification=bool(classes))).fit(matrix, truth)

    def predict(asked: NDArray[np.float32]) -> Floats:
        if not classes:
            return np.asarray(model.predict(asked), np.float64)
        own = [classes[int(number)] for number in model.classes_]
        return aligned(np.asarray(model.predict_proba(asked), np.float64), own, classes)

    trivial = learn_trivial_answer(metric, truth, len(classes))

    def judged(side: NDArray[np.float32], of: Truth) -> JudgedAnswers:
        return JudgedAnswers(of, predict(side), np.tile(trivial, (len(of), 1)))

    learned, judging = judged(matrix, truth), judged(others, held_out)
    names = definition.matrix_columns
    importance = permutation_importance(predict, others, judging.answers, held_out, metric, names)
    return CheckedModel("forest", metric, learned, judging, importance, names, others, predict)


def _rarer(rows: CheckedRows) -> str | None:
    """Return the positive one of two classes, as training chooses it."""
    if len(rows.classes) != 2:
        return None
    return rows.classes[int(np.bincount(rows.train_truth.astype(np.int64)).argmin())]


def default_model(*, classification: bool) -> Any:
    """Return a forest that learns well and memorises little."""
    kind = RandomForestClassifier if classification else RandomForestRegressor
    return kind(n_estimators=40, max_depth=8, min_samples_leaf=8, max_features=0.5, random_state=0)


def _encoded(rows: CheckedRows, side: CheckedSide) -> NDArray[np.float32]:
    return encode(rows.definition, rows.vocabularies, side.inputs)


@dataclass(frozen=True)
class Shape:
    """What an invented table looks like. The target of `classes` 0 is a value; `events` is the share of one of two."""

    rows: int = 3000
    classes: int = 2
    events: float = 0.3
    noise: float = 1.0
    by_time: bool = False


def invent_columns(shape: Shape, seed: int) -> dict[str, Array]:
    """Invent rows of numbers, categories, a boolean and gaps, every one of which bears on the target."""
    random = np.random.default_rng(seed)
    rows = shape.rows
    numbers = random.normal(size=(rows, 2))
    amount = random.lognormal(3, 0.8, rows).round(2)
    count = random.poisson(4, rows).astype(np.float64)
    plan = random.choice(5, rows, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    city = random.choice(25, rows)
    flag = (random.random(rows) < 0.4).astype(np.float64)
    score = numbers[:, 0] + 0.8 * np.tanh(numbers[:, 1]) + 0.7 * np.log(amount) + 0.3 * count
    score += np.array([-1.2, -0.4, 0.4, 1.2, 2.0])[plan] + 2 * np.sin(city / 4) + 0.8 * flag
    score = (score - score.mean()) / score.std() + shape.noise * random.normal(size=rows)
    columns = {
        "first": numbers[:, 0],
        "second": np.where(random.random(rows) < 0.05, np.nan, numbers[:, 1]),
        "amount": amount,
        "count": count,
        "plan": objects([f"plan {chr(65 + number)}" for number in plan]),
        "city": objects([f"city {number}" for number in city]),
        "flag": flag,
    }
    if shape.by_time:
        minutes = np.sort(random.choice(500_000, rows, replace=False))
        columns["at"] = np.datetime64("2025-01-01", "us") + minutes * np.timedelta64(1, "m")
    columns[TARGET] = _target(shape, score)
    return columns


def _target(shape: Shape, score: Floats) -> Array:
    if not shape.classes:
        return score
    shares = [1 - shape.events] if shape.classes == 2 else np.linspace(0, 1, shape.classes + 1)[1:-1]
    numbers = np.searchsorted(np.quantile(score, shares), score)
    return objects([("no", "yes")[number] if shape.classes == 2 else f"class {number}" for number in numbers])


def invented_table(name: str, shape: Shape, seed: int, **changes: Any) -> CheckedTable:
    """Return an invented table without a fault."""
    columns = invent_columns(shape, seed)
    task = "classification" if shape.classes else "regression"
    if shape.by_time:
        changes |= {"time": "at"}
    return CheckedTable(name, define(columns, task, **changes), columns)
