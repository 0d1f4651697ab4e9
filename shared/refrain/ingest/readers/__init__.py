"""ingest.readers."""
