"""serving.registry."""
