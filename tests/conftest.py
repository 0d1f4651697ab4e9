"""Settings of all tests: none depends on time, so hypothesis sets no deadline, and any may count or send something."""

import os
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings

from refrain.aws import event_bus
from tests.fake_services import RecordedBus

BUS = RecordedBus()
os.environ["REFRAIN_EVENT_SOURCE"] = "refrain.tests"
cast("Any", event_bus)._client = lambda: BUS

settings.register_profile("refrain", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("refrain")
os.environ |= {"REFRAIN_METRIC_NAMESPACE": "Refrain/tests", "AWS_LAMBDA_FUNCTION_VERSION": "7"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the end-to-end tests run on the packages or on a deployed stack."""
    parser.addoption("--built", action="store_true", help="run end-to-end tests on the packages of `sam build`")
    parser.addoption("--stack", help="run end-to-end tests on this deployed stack; they delete what they create")


@pytest.fixture
def bus() -> RecordedBus:
    """The bus that all tests send their events to, empty."""
    BUS.events.clear()
    return BUS
