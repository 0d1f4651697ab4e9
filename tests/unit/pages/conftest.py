"""Fixtures that another room has already."""

from tests.unit.monitoring.conftest import shop

__all__ = ["shop"]
