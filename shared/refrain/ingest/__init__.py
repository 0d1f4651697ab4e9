"""From a file in the inbox to clean rows in the lake.

`upload` is the whole way; `formats` tells what a file is; `readers` turn it into chunks of text or values; `keeping`
sorts their rows; `curated`, `rejected` and `profile` write what became of them. `fast_csv` reads large CSV files.

May import: all rooms below the stories.
Called by: functions/ingest, lake.
"""
