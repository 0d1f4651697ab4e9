"""Train a candidate: a scikit-learn pipeline on the feature matrix, exported to ONNX, with the proofs beside it."""
