"""Evaluations of small synthetic runs, made by the real functions, so that the report is tested on what it will get."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing import Gate
from refrain.evaluation.curves import describe_curves
from refrain.evaluation.decision import decide
from refrain.evaluation.importance import permutation_importance
from refrain.lake.compared_counts import ComparedCounts
from refrain.lake.evaluation import Evaluation, Figures, ModelSummary, Outcome
from refrain.lake.footprint import Footprint
from refrain.lake.parity_figures import Parity
from refrain.lake.snapshot import DataSummary, LabelCounts, SplitSummary, UploadSummary
from refrain.lake.stakes import Stakes
from refrain.snapshot.data_summary import count_classes, summarise_target
from refrain.statistics.comparison import CHAMPION, ComparedFigures, ComparedRows, ComparisonRules, compare_models
from refrain.statistics.metrics import METRICS, choose_metrics, measure_metrics
from refrain.statistics.trivial_predictor import learn_trivial_answer

type Floats = NDArray[np.float64]
type Predict = Callable[[NDArray[np.float32]], Floats]

EXACT = Parity(rows=2000, max_difference=4e-7, differing=0)
GATE = Gate(min_metric=0.8, max_metric=None, confidence=0.95, max_latency_ms=5.0)
GOLDEN = Parity(rows=24, max_difference=3e-7, differing=0)
FOOTPRINT = Footprint(held_bytes=94_000_000, peak_bytes=109_000_000, cpu_seconds=1.12)
BROKEN = Parity(rows=2000, max_difference=0.61, differing=394)


def evaluation(
    task: Any,
    metric: str,
    truth: NDArray[Any],
    matrix: NDArray[np.float32],
    models: Mapping[str, Predict],
    *,
    gate: Gate,
    classes: tuple[str, ...] = (),
    features: tuple[str, ...] = (),
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    outcome: Outcome | None = None,
    model: str = "income",
) -> Evaluation:
    """Compare `models` (the one called "champion" is the champion) as the evaluate step does."""
    answers = {name: predict(matrix) for name, predict in models.items()}
    champion = answers.pop(CHAMPION, None)
    trivial = np.tile(learn_trivial_answer(METRICS[metric], truth, len(classes)), (len(truth), 1))
    found = compare_models(METRICS[metric], ComparedRows(truth, trivial=trivial), champion, answers, ComparisonRules())

    def figures(name: str, compared: ComparedFigures | None) -> Figures:
        base = Figures(
            name, f"20261123T120409-3fa9c1-{name}", latency_ms=0.021 * len(name), bytes=1700 * len(name) ** 2
        )
        made = replace(base, parity=EXACT, golden=GOLDEN, footprint=FOOTPRINT, error=found.undefined.get(name))
        if compared:
            made = replace(made, **vars(compared))
        return replace(made, **(changes or {}).get(name, {}))

    positive = classes[1] if len(classes) == 2 else None
    chosen = choose_metrics(metric, classes, positive, {})
    names = features or tuple(f"feature_{place}" for place in range(matrix.shape[1]))
    columns = {name: [index] for index, name in enumerate(names)}

    def summary(name: str, made: Figures, answered: Floats) -> ModelSummary:
        estimator = f"sklearn.ensemble.{name.title()}"
        if made.error is not None:
            return ModelSummary(made, estimator)
        return ModelSummary(
            made,
            estimator,
            metrics=measure_metrics(chosen, truth, answered),
            curves=describe_curves(task, truth, answered, classes, positive),
            importance=permutation_importance(models[name], matrix, answered, truth, METRICS[metric], columns),
        )

    candidates = [figures(name, found.candidates.get(name)) for name in answers]
    in_service = None if champion is None else figures(CHAMPION, found.champion)
    stakes = Stakes(found.trivial, found.margin, found.units)
    decision = decide(gate, METRICS[metric], in_service, candidates, stakes)
    return Evaluation(
        model=model,
        run="20261123T120409-3fa9c1",
        task=task,
        metric=metric,
        reason="weekly",
        started_at="2026-11-23T12:04:09Z",
        finished_at="2026-11-23T12:05:51Z",
        data=data(task, truth, classes),
        compared=ComparedCounts(len(truth)),
        gate=gate,
        champion=None if in_service is None or champion is None else summary(CHAMPION, in_service, champion),
        candidates=[summary(candidate.name, candidate, answers[candidate.name]) for candidate in candidates],
        decision=decision,
        outcome=outcome or ("promoted" if decision.promote else "kept"),
        stakes=stakes,
        positive=positive,
    )


def data(task: str, truth: NDArray[Any], classes: tuple[str, ...]) -> DataSummary:
    """Return a data section for these holdout rows."""
    uploads = [
        ("2026/11/adult-a.csv", 16281, 0),
        ("2026/11/adult-b.csv.gz", 14010, 23),
        ("late/dirty rows.csv", 120, 41),
    ]
    summary = DataSummary(
        receipts=len(uploads),
        uploads=[UploadSummary(f"income/{name}", "2026-11-22T09:30:00Z", kept, lost) for name, kept, lost in uploads],
        rows=5 * len(truth),
        train_rows=4 * len(truth),
        holdout_rows=len(truth),
        merged_duplicates=12,
        unusable_rows=0,
        rows_outside_window=0,
        left_out=0,
        split=SplitSummary("time", "365d", "2026-09-14T00:00:00Z"),
        time_range=("2025-11-23T00:00:00Z", "2026-11-22T09:30:00Z"),
        train_until="2026-09-13T23:00:00Z",
        target="income",
        labelled=LabelCounts(0, 0, 0, 0, []),
    )
    if task == "regression":
        return replace(summary, summary=summarise_target(truth))
    labels, holdout = np.array(classes)[np.tile(truth, 5)], np.repeat([True, False], [len(truth), 4 * len(truth)])
    return replace(summary, classes=count_classes(labels, holdout))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def binary(
    *,
    champion: float | None = 0.55,
    rows: int = 2000,
    columns: int = 8,
    names: tuple[str, ...] = ("logistic", "boosting", "forest"),
    qualities: tuple[float, ...] = (0.75, 1.0, 0.9),
    gate: Gate = GATE,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> Evaluation:
    """Return a run with two classes. A model's quality is the share of the columns' weights that it knows."""
    random = np.random.default_rng(7)
    matrix = random.normal(size=(rows, columns)).astype(np.float32)
    weights = 2.2 * 0.78 ** np.arange(columns)
    truth = (matrix @ weights - 1.6 + random.logistic(size=rows) > 0).astype(np.int64)

    def model(quality: float, seed: int) -> Predict:
        off = np.random.default_rng(seed).normal(size=columns)

        def predict(rows: NDArray[np.float32]) -> Floats:
            logits = rows @ (weights * quality + 1.2 * (1 - quality) * off) - 1.6
            return _softmax(np.column_stack([np.zeros(len(rows)), logits]).astype(np.float64))

        return predict

    models = {name: model(quality, seed) for seed, (name, quality) in enumerate(zip(names, qualities, strict=True))}
    if champion is not None:
        models = {CHAMPION: model(champion, 3), **models}
    if changes is None:
        changes = {"forest": {"parity": BROKEN}}
    return evaluation(
        "classification",
        "roc_auc",
        truth,
        matrix,
        models,
        gate=gate,
        changes=changes,
        **{"classes": ("<=50K", ">50K"), **more},
    )


def multiclass(*, champion: float | None = 0.8, classes: int = 5, **more: Any) -> Evaluation:
    """Return a run with several classes in which no candidate is surely better."""
    random = np.random.default_rng(11)
    matrix = random.normal(size=(900, 10)).astype(np.float32)
    weights = random.normal(size=(10, classes)) * 1.4
    truth = np.argmax(matrix @ weights + random.gumbel(size=(900, classes)), axis=1)

    def model(quality: float, seed: int) -> Predict:
        off = np.random.default_rng(seed).normal(size=weights.shape)
        return lambda rows: _softmax(np.asarray(rows @ (weights * quality + (1 - quality) * off), dtype=np.float64))

    models = {"logistic": model(0.8, 21), "boosting": model(0.77, 22), "neighbours": model(0.6, 23)}
    if champion is not None:
        models = {CHAMPION: model(champion, 20), **models}
    return evaluation(
        "classification",
        "f1",
        truth,
        matrix,
        models,
        gate=Gate(None, None, 0.95, 0.2),
        **{"classes": tuple(f"segment {chr(65 + place)}" for place in range(classes)), "model": "segments", **more},
    )


def regression(*, champion: float | None = 0.8, **more: Any) -> Evaluation:
    """Return a run with a value as target and an error as metric."""
    random = np.random.default_rng(5)
    matrix = random.normal(size=(1500, 12)).astype(np.float32)
    weights = 160 * 0.7 ** np.arange(12)
    scale = 1 + 0.6 * np.abs(matrix[:, 0])
    truth = np.maximum(0, 420 + matrix @ weights + 55 * scale * random.normal(size=1500))

    def model(quality: float, seed: int) -> Predict:
        off = np.random.default_rng(seed).normal(size=12)
        return lambda rows: np.asarray(420 + rows @ (weights * quality + 20 * (1 - quality) * off), dtype=np.float64)

    models = {"ridge": model(0.9, 1), "boosting": model(0.97, 2)}
    if champion is not None:
        models = {CHAMPION: model(champion, 3), **models}
    return evaluation(
        "regression", "rmse", truth, matrix, models, gate=Gate(None, 150.0, 0.95, None), **{"model": "bikes", **more}
    )
