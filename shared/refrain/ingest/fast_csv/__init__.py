"""ingest.fast_csv."""
