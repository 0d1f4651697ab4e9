"""The same answer by the tools that people use today: a framework around ONNX, and pandas with scikit-learn."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.income_model import CATEGORY_SIZES, NUMBERS, invent_people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

CATEGORIES = (*CATEGORY_SIZES, "sex")

POWERTOOLS, PANDAS = "powertools + pydantic + ONNX", "pandas + scikit-learn"
REQUIRED_MODULES = {POWERTOOLS: ["aws_lambda_powertools", "pydantic"], PANDAS: ["pandas"]}
"""Modules that the peers need besides those of training."""

type Handler = Callable[[Mapping[str, Any]], dict[str, Any]]


def fit_pipeline(estimator: Any) -> Any:
    """Fit a pipeline as in tutorials: one-hot categories, scaled numbers and an estimator, on a data frame."""
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(CATEGORIES)),
        (StandardScaler(), list(NUMBERS)),
    )
    learned = as_frame(invent_people(3000))
    return make_pipeline(columns, estimator).fit(learned, learned["income"])


@cache
def fitted_pipeline() -> Any:
    """Fit the pipeline of all servers."""
    from sklearn.linear_model import LogisticRegression

    return fit_pipeline(LogisticRegression(max_iter=1000))


def column_session(fitted: Any) -> Any:
    """Open its graph with one input a column, for one thread."""
    from refrain.model.onnx import open_graph

    return open_graph("columns", column_onnx(fitted))


def column_onnx(fitted: Any) -> bytes:
    """Export a pipeline as skl2onnx does by default, with one input a column."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    types = [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    types += [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    graph: bytes = to_onnx(fitted, initial_types=types, options={"zipmap": False}).SerializeToString()
    return graph


def column_inputs(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Make the inputs of such a graph (skl2onnx takes no hyphens)."""
    texts = {name: np.array([[row[name]] for row in rows], dtype=object) for name in CATEGORIES}
    numbers = {name: np.array([[row[name]] for row in rows], dtype=np.float32) for name in NUMBERS}
    return {name.replace("-", "_"): values for name, values in (texts | numbers).items()}


def pandas_handler(fitted: Any) -> Handler:
    """Make a handler like most first versions: a data frame of the request, `predict_proba`, JSON."""

    def handle(event: Mapping[str, Any]) -> dict[str, Any]:
        instances = as_frame(json.loads(event["body"])["instances"])
        probabilities = fitted.predict_proba(instances).tolist()
        answers = [dict(zip(fitted.classes_, row, strict=True)) for row in probabilities]
        return {"statusCode": 200, "body": json.dumps({"predictions": answers})}

    return handle


def powertools_handler(graph: Any) -> Handler:
    """Make a handler as AWS's library advises: its resolver, logger and metrics, pydantic, and ONNX."""
    from aws_lambda_powertools import Logger, Metrics
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver
    from aws_lambda_powertools.metrics import MetricUnit
    from pydantic import BaseModel, create_model

    fields: dict[str, Any] = dict.fromkeys(CATEGORIES, (str, ...)) | dict.fromkeys(NUMBERS, (float, ...))
    names = {name: name.replace("-", "_") for name in fields}
    instance = create_model("Instance", **{names[name]: kind for name, kind in fields.items()})
    request = create_model("PredictRequest", instances=(list[instance], ...))  # type: ignore[valid-type]
    app, logger, metrics = (
        APIGatewayRestResolver(),
        Logger(service="income"),
        Metrics(namespace="Peer", service="income"),
    )

    @app.post("/v1/models/<model>")
    def predict(model: str) -> dict[str, Any]:
        document = app.current_event.json_body
        document = {"instances": [{names[key]: value for key, value in row.items()} for row in document["instances"]]}
        body: BaseModel = request.model_validate(document)
        rows = [{name: getattr(row, short) for name, short in names.items()} for row in body.instances]  # type: ignore[attr-defined]
        labels, probabilities = graph.run(None, column_inputs(rows))
        metrics.add_metric(name="Predictions", unit=MetricUnit.Count, value=len(rows))
        logger.info("predicted", extra={"rows": len(rows), "model": model})
        return {
            "predictions": [
                {"label": label, "probabilities": row}
                for label, row in zip(labels.tolist(), probabilities.tolist(), strict=True)
            ]
        }

    @metrics.log_metrics
    def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
        return app.resolve(dict(event), context)  # type: ignore[arg-type]

    return lambda event: handle(event | {"path": "/v1/models/income"}, _Context())  # type: ignore[operator]


class _Context:
    function_name = "income"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:income"
    aws_request_id = "1"


def as_frame(rows: Any) -> pd.DataFrame:
    """Make a data frame of instances."""
    import pandas as pd

    return pd.DataFrame(list(rows))
