"""The second way to read and write a value, for requests, where the time of numpy's calls counts.

A prediction of one row takes 50 us in the handler with this room and 180 without it; 1,000 rows take 6 to 7 ms instead
of 11 (docs/performance.md). A caller over HTTPS sees 10 to 50 ms. The columns of the preprocessing layer and `json`
give the same answers more slowly; `tests/contract/test_fast_path.py` holds both ways equal.

May import: nothing of ours.
Called by: lake, model, serving.
"""
