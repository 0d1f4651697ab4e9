"""Readers: each turns a file of one format into chunks of raw rows, in bounded memory.

`delimited` (with `dialect`), `jsonlines`, `jsonarray` (both with `records`) and `parquet` each open a file as a context
that gives a `chunks.Reading`. `encoding` decodes text. `ingest.keeping` and `ingest.label_upload` call them.
"""
