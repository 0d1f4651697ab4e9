"""What holds for all tests: nothing in them depends on time, so hypothesis sets no deadline."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("refrain", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("refrain")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the end-to-end tests run on something else than the source."""
    parser.addoption("--built", action="store_true", help="end-to-end tests on the packages that `sam build` makes")
    parser.addoption("--stack", help="end-to-end tests on a stack on AWS, by its name; what they make they delete")
