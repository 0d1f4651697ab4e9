"""Answering from a model version. numpy, ONNX Runtime and obstore only: nothing that training needs comes in here."""
