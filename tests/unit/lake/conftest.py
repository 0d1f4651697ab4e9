"""A lake in memory, and fixtures that another room has already."""

import pytest

from tests.unit.serving import tiny
from tests.unit.snapshot.conftest import define, make_receipt

__all__ = ["define", "make_receipt"]


@pytest.fixture
def lake() -> tiny.Lake:
    return tiny.Lake()
