"""What training, evaluation, monitoring and serving of recommenders share: items, histories and holdout questions.

May import: aws, lake, statistics.
Called by: evaluation, forgetting, ingest, model, monitoring, recommenders, serving, snapshot, training.
"""
