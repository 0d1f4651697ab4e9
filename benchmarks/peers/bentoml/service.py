"""The income model as an ONNX graph with one input a column, behind BentoML."""

from __future__ import annotations

from typing import Any

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Income:
    """Answers with the probability of each class."""

    def __init__(self) -> None:
        self.session = onnxruntime.InferenceSession("model.onnx")
        self.kinds = {node.name: object if "string" in node.type else np.float32 for node in self.session.get_inputs()}

    @bentoml.api
    def predict(self, instances: list[dict[str, Any]]) -> dict[str, Any]:
        """Make the graph's inputs, whose names have no hyphens, and run it."""
        inputs = {
            name: np.array([[row[name]] for row in instances], dtype=self.kinds[name.replace("-", "_")])
            for name in instances[0]
        }
        _, probabilities = self.session.run(None, {name.replace("-", "_"): values for name, values in inputs.items()})
        return {"predictions": probabilities.tolist()}
