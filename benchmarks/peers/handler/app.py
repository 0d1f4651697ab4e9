"""A usual first version of a model on Lambda: pandas and scikit-learn in the package, the model beside the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

model = joblib.load(Path(__file__).with_name("model.joblib"))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with the probability of each class."""
    frame = pd.DataFrame(json.loads(event["body"])["instances"])
    return {"statusCode": 200, "body": json.dumps({"predictions": model.predict_proba(frame).tolist()})}
