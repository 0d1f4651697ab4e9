"""Fixtures that another room has already."""

from tests.unit.snapshot.conftest import define, make_receipt

__all__ = ["define", "make_receipt"]
