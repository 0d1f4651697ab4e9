"""Which predictions a window takes in, whatever its length and however long delivery takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from refrain.monitoring.windows import Window, is_long_enough, waiting_window

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_what_may_not_be_delivered_yet_waits() -> None:
    usual = waiting_window(NOON, 3600, NOON - timedelta(hours=2), None, 3)
    quick = waiting_window(NOON, 3600, NOON - timedelta(hours=2), None, 3, delivery=3 * SECOND)

    assert (usual.until, quick.until) == (NOON - timedelta(minutes=15), NOON - timedelta(minutes=5))


@pytest.mark.parametrize(
    ("length", "early"), [(86400, timedelta(minutes=5)), (3600, timedelta(minutes=5)), (60, 5 * SECOND), (12, SECOND)]
)
def test_a_window_may_be_five_minutes_shorter_and_a_short_one_by_a_twelfth(length: float, early: timedelta) -> None:
    whole = timedelta(seconds=length)

    assert is_long_enough(Window(NOON, NOON + whole - early), length)
    assert not is_long_enough(Window(NOON, NOON + whole - early - timedelta(milliseconds=1)), length)
