"""Statistics of plain arrays: metrics, intervals, tests. Pure: nothing here reads or writes.

May import: nothing of ours.
Called by: checks, evaluation, forgetting, ingest, monitoring, pages, recommendation, recommenders, serving,
snapshot, training, trial.
"""
