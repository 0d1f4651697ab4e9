"""Answer HTTPS requests from the versions in service. numpy, ONNX Runtime and obstore only.

May import: aws, lake, statistics, fast_path, recommendation, model.
Called by: functions/inference.
"""
