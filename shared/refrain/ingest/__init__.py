"""From a file in the inbox to clean rows in the lake: what `functions/ingest` calls.

`upload` is the order of it all; `formats` tells what a file is; `delimited`, `jsonlines`, `jsonarray` and `parquet`
turn it into `chunks`; `curated`, `rejected` and `profile` keep what became of the rows, and `receipts` says so.
Files of `labels` go the same way.
"""
