"""From a file in the inbox to clean rows in the lake.

`upload` brings one upload in, before its `deadline`; `upload_kinds` chooses how it is kept: by `keeping` (rows),
`recommendation` (interactions) or `label_upload` (labels). `formats` tells the format of a file, and `readers` turn it
into chunks of rows, with `fast_csv` for large CSV files. `curated`, `rejected` and `profile` write the results.
`failed_upload` gives a receipt to what went wrong.

May import: all rooms below the stories.
Called by: functions/ingest, functions/failed_uploads.
"""
