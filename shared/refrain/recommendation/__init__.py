"""What training, evaluation, monitoring and serving of recommenders share: items, histories, holdout questions.

May import: aws, lake, statistics.
Called by: evaluation, ingest, lake, model, monitoring, serving, snapshot, training.
"""
