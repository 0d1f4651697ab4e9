"""What Refrain does: ingest, retraining, evaluation, serving. Functions are thin adapters to this package."""
