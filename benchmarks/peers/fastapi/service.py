"""The income model behind FastAPI, as its users write it: a data frame of the request, `predict_proba`, JSON."""

from __future__ import annotations

from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load("model.joblib")


class PredictRequest(BaseModel):
    """The body of a request."""

    instances: list[dict[str, Any]]


@app.post("/predict")
def predict(request: PredictRequest) -> dict[str, Any]:
    """Answer with the probability of each class."""
    return {"predictions": model.predict_proba(pd.DataFrame(request.instances)).tolist()}
