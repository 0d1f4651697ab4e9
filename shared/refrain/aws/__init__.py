"""S3, metrics and the AWS services that the product calls: nothing else talks to AWS.

May import: nothing of ours.
Called by: applying, deployment, evaluation, forgetting, functions, importing, ingest, lake, model, monitoring,
recommendation, release, serving, snapshot, training, transfer, trial.
"""
