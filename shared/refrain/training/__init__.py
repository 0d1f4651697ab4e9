"""Train a candidate: a scikit-learn pipeline on the feature matrix, exported to ONNX, with its proofs beside it.

May import: all rooms below the stories, recommenders.
Called by: functions/retraining/train.
"""
