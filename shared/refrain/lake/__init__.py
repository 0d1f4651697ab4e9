"""The objects of the lake, one module each: their keys, their fields, how they are read and written.

May import: aws.
Called by: applying, checks, deployment, evaluation, forgetting, importing, ingest, model, monitoring, pages,
recommendation, serving, snapshot, training, transfer, trial.
"""
