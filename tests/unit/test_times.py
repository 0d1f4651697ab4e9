"""Times at the edges of the calendar, which some zones have and UTC has not."""

from __future__ import annotations

import pytest

from refrain.times import for_people, from_iso, to_iso

OUTSIDE = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_time_that_utc_does_not_have_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        from_iso(text)

    assert for_people(text) == text


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_the_first_and_the_last_time_are_read_and_written(text: str) -> None:
    assert to_iso(from_iso(text), "milliseconds") == text
