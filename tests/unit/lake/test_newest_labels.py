"""The labels of the newest predictions are those that all labels would give, whatever is kept meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from refrain.lake.label import read_labels, write_labels
from refrain.lake.newest_labels import NewestLabels
from tests.unit.serving.tiny import Lake

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
IDS = [f"19ab8f0{second:04x}{10 * '0'}-000" for second in range(12)]
FOREIGN = ["order 66", "zzz", ""]


@settings(max_examples=100, deadline=None)
@given(
    calls=st.lists(
        st.lists(st.tuples(st.sampled_from(IDS + FOREIGN), st.sampled_from(["yes", "no", 1, True])), min_size=1),
        max_size=12,
    ),
    most=st.integers(1, 6),
)
def test_the_newest_predictions_have_the_labels_that_count(calls: list[list[tuple[str, object]]], most: int) -> None:
    lake = Lake()
    for hours, labels in enumerate(calls):
        write_labels(lake, "shops", labels, NOON + hours * timedelta(hours=1))

    newest = NewestLabels.read(lake, "shops", most)

    current = {name: label for name, label in read_labels(lake, "shops").items() if name in IDS}
    kept = sorted(current)[-most:]
    assert repr(sorted(newest.labels.items())) == repr([(name, current[name]) for name in kept])
    assert newest.left_out >= len(current) - len(kept)
    assert (newest.left_out == 0) == (len(current) <= most)
    assert newest.foreign == sum(name in FOREIGN for labels in calls for name, _ in labels)
