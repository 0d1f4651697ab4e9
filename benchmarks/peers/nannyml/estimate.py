"""Estimates metrics with NannyML: CBPE for probabilities, DLE for values, each with its defaults and one chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nannyml
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


def answer(arrays: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the estimates by `metric:rows`, for rows like the judged ones and for others."""
    rows = {name: frame(arrays, arrays[name]) for name in ("judged", "asked", "others")}
    width = arrays["answers"].shape[1]
    metrics = ("roc_auc", "accuracy") if width > 1 else ("mae", "rmse")
    calculator = of_classes(metrics) if width > 1 else of_values(metrics, arrays["matrix"].shape[1])
    calculator.fit(rows["judged"])
    figures: dict[str, float] = {}
    for name in ("asked", "others"):
        estimated = calculator.estimate(rows[name].drop(columns="truth")).filter(period="analysis").to_df()
        figures |= {f"{metric}:{name}": float(estimated[(metric, "value")].iloc[0]) for metric in metrics}
    return figures


def of_classes(metrics: tuple[str, ...]) -> nannyml.CBPE:
    """Make the estimator of the metrics of two classes."""
    return nannyml.CBPE(
        y_pred_proba="chance",
        y_pred="answer",
        y_true="truth",
        metrics=list(metrics),
        chunk_number=1,
        problem_type="classification_binary",
    )


def of_values(metrics: tuple[str, ...], features: int) -> nannyml.DLE:
    """Make the estimator of errors."""
    names = [f"feature {index}" for index in range(features)]
    return nannyml.DLE(
        feature_column_names=names, y_pred="answer", y_true="truth", metrics=list(metrics), chunk_number=1
    )


def frame(arrays: Mapping[str, np.ndarray], rows: np.ndarray) -> pd.DataFrame:
    """Return rows as NannyML reads them."""
    answers, truth = arrays["answers"][rows], arrays["truth"][rows]
    if answers.shape[1] > 1:
        return pd.DataFrame({"chance": answers[:, 1], "answer": answers.argmax(axis=1), "truth": truth})
    features = {f"feature {index}": column.astype(float) for index, column in enumerate(arrays["matrix"][rows].T)}
    return pd.DataFrame(features | {"answer": answers[:, 0], "truth": truth})
