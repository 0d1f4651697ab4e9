"""Fixtures that another room has already."""

from tests.unit.serving.conftest import tiny_regression, tiny_version

__all__ = ["tiny_regression", "tiny_version"]
