"""The environment is checked once, and a mistake in it names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from refrain.errors import InvalidRequest
from refrain.settings import settings


@pytest.fixture(autouse=True)
def fresh() -> None:
    settings.cache_clear()


def test_the_template_says_the_lake_and_the_rest_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFRAIN_LAKE_BUCKET", "lake")
    for name in ("REFRAIN_MODELS_DIR", "REFRAIN_REFRESH_SECONDS", "REFRAIN_DELIVERY_SECONDS"):
        monkeypatch.delenv(name, raising=False)

    found = settings()

    assert (found.lake_bucket, found.models_dir) == ("lake", Path("/opt/models"))
    assert (found.refresh_seconds, found.delivery_seconds) == (5.0, 900.0)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REFRAIN_LAKE_BUCKET", "", "expected the name of the lake's bucket, got nothing"),
        ("REFRAIN_REFRESH_SECONDS", "often", "expected a number of seconds, got 'often'"),
        ("REFRAIN_DELIVERY_SECONDS", "-3", "expected a number of seconds, got '-3'"),
        ("REFRAIN_DELIVERY_SECONDS", "nan", "expected a number of seconds, got 'nan'"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv("REFRAIN_LAKE_BUCKET", "lake")
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidRequest, match=f"{name}: {words}"):
        settings()
