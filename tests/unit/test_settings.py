"""Each function reads the variables that it needs, and a missing or wrong one is named."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.errors import InvalidRequest
from refrain.settings import (
    EvaluationSettings,
    InferenceSettings,
    IngestSettings,
    LakeSettings,
    MonitoringSettings,
    ReleaseSettings,
    SnapshotSettings,
    read_settings,
)

ENVIRONMENT = {
    "REFRAIN_LAKE_BUCKET": "lake",
    "REFRAIN_METRIC_NAMESPACE": "Refrain/tests",
    "REFRAIN_HISTORY_TABLE": "histories",
    "REFRAIN_INFERENCE_MEMORY": "1769",
    "REFRAIN_INGEST_QUEUE_URL": "https://queue",
    "REFRAIN_REFRESH_SECONDS": "5",
    "REFRAIN_ALLOWED_ORIGINS": "https://a.example,https://b.example:8443",
    "REFRAIN_DELIVERY_SECONDS": "900",
    "REFRAIN_STATE_MACHINE_ARN": "arn:machine",
    "REFRAIN_NOTIFICATION_TOPIC_ARN": "arn:topic",
    "REFRAIN_NEW_VERSION_ARN": "arn:version",
    "REFRAIN_TRAINING_MEMORY": "3008",
}
LAKE = ("REFRAIN_LAKE_BUCKET", "REFRAIN_METRIC_NAMESPACE")
NEEDED: dict[type[Any], tuple[str, ...]] = {
    LakeSettings: LAKE,
    EvaluationSettings: (*LAKE, "REFRAIN_INFERENCE_MEMORY"),
    SnapshotSettings: (*LAKE, "REFRAIN_TRAINING_MEMORY"),
    IngestSettings: (*LAKE, "REFRAIN_HISTORY_TABLE", "REFRAIN_INGEST_QUEUE_URL"),
    InferenceSettings: (*LAKE, "REFRAIN_HISTORY_TABLE", "REFRAIN_REFRESH_SECONDS", "REFRAIN_ALLOWED_ORIGINS"),
    MonitoringSettings: (
        *LAKE,
        "REFRAIN_STATE_MACHINE_ARN",
        "REFRAIN_NOTIFICATION_TOPIC_ARN",
        "REFRAIN_DELIVERY_SECONDS",
    ),
    ReleaseSettings: ("REFRAIN_NEW_VERSION_ARN",),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_settings_are_what_the_environment_says() -> None:
    origins = frozenset({"https://a.example", "https://b.example:8443"})
    assert read_settings(InferenceSettings) == InferenceSettings("Refrain/tests", "lake", "histories", 5.0, origins)
    assert read_settings(EvaluationSettings).inference_bytes == 1769 * 1024 * 1024
    assert read_settings(MonitoringSettings).delivery_seconds == 900.0
    assert read_settings(SnapshotSettings).training_bytes == 3008 * 2**20


@pytest.mark.parametrize(("function", "name"), [(function, name) for function in NEEDED for name in NEEDED[function]])
def test_a_variable_that_a_function_needs_is_named_when_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, function: type[Any], name: str
) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(InvalidRequest, match=f"{name}: expected .*, got nothing"):
        read_settings(function)


@pytest.mark.parametrize("function", NEEDED)
def test_a_function_starts_without_the_variables_of_others(
    monkeypatch: pytest.MonkeyPatch, function: type[Any]
) -> None:
    for name in ENVIRONMENT.keys() - set(NEEDED[function]):
        monkeypatch.delenv(name)

    read_settings(function)


@pytest.mark.parametrize(
    ("function", "name", "value", "words"),
    [
        (LakeSettings, "REFRAIN_LAKE_BUCKET", "", "expected the name of the lake's bucket, got ''"),
        (EvaluationSettings, "REFRAIN_INFERENCE_MEMORY", "much", "expected a number of MB, got 'much'"),
        (InferenceSettings, "REFRAIN_REFRESH_SECONDS", "often", "expected a number of seconds, got 'often'"),
        (MonitoringSettings, "REFRAIN_DELIVERY_SECONDS", "-3", "expected a number of seconds, got '-3'"),
        (MonitoringSettings, "REFRAIN_DELIVERY_SECONDS", "nan", "expected a number of seconds, got 'nan'"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, function: type[Any], name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidRequest, match=f"{name}: {words}"):
        read_settings(function)


def test_no_origin_is_allowed_where_the_stack_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFRAIN_ALLOWED_ORIGINS", "")

    assert read_settings(InferenceSettings).allowed_origins == frozenset()
