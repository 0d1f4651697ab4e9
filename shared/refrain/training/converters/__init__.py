"""Converters of fitted steps to ONNX: those that skl2onnx lacks, and those that it has wrong.

`registration` holds the one table of them and makes skl2onnx use it; a module holds one family. Only `export` calls
this package. What is wrong upstream, and why a converter stays here, is in docs/decisions.md.
"""
