"""The load generator keeps to its due times, and counts the waiting behind slow requests."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from benchmarks.arrivals import Arrival, DueRequest, percentile, poisson_times, send_when_due, slice_by_time


class Clock:
    """Goes on only when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def work(self) -> None:
        """Be a service that takes a second for each request, one after the other."""
        self.now += 1.0


def test_latency_counts_from_the_due_time_behind_slow_requests() -> None:
    clock = Clock()

    arrivals = send_when_due(
        [DueRequest(0.0, "ask", clock.work) for _ in range(4)], workers=1, clock=clock, sleep=clock.sleep
    )

    # A client that waits for each answer before it asks again would have seen four times one second.
    assert [arrival.seconds for arrival in arrivals] == [1.0, 2.0, 3.0, 4.0]


def test_latency_counts_from_the_due_time_of_a_late_request() -> None:
    clock = Clock()
    due = [DueRequest(0.25, "ask", lambda: None), DueRequest(-2.0, "late", lambda: None)]

    arrivals = send_when_due(due, workers=1, clock=clock, sleep=clock.sleep)

    assert clock.slept == [0.25]
    assert arrivals[1].seconds == pytest.approx(2.25)


def test_an_error_of_a_request_is_recorded_and_the_others_go_on() -> None:
    def refuse() -> None:
        raise ValueError("503")

    arrivals = send_when_due([DueRequest(0.0, "a", refuse), DueRequest(0.0, "b", lambda: None)])

    assert [(arrival.kind, arrival.wrong) for arrival in arrivals] == [("a", "ValueError: 503"), ("b", "")]


def test_arrivals_have_the_rate_and_the_gaps_of_a_poisson_process() -> None:
    times = list(poisson_times(50.0, 200.0, random.Random(7)))

    assert len(times) == pytest.approx(10_000, rel=0.03)
    assert times == sorted(times)
    assert times[-1] < 200.0
    gaps = [after - before for before, after in pairwise(times)]
    # Of exponential gaps 1/e are longer than the mean; of even ones none or half.
    assert sum(gap > 1 / 50 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)


@pytest.mark.parametrize(("share", "value"), [(50, 50.0), (99, 99.0), (99.1, 100.0), (100, 100.0), (0, 1.0)])
def test_a_percentile_is_a_measured_value(share: float, value: float) -> None:
    values = [float(number) for number in range(100, 0, -1)]

    assert percentile(values, share) == value


def test_latencies_are_sliced_by_due_time() -> None:
    arrivals = [Arrival(at, "ask", seconds) for at, seconds in ((0.0, 9.0), (4.9, 1.0), (5.0, 2.0), (16.0, 3.0))]

    assert slice_by_time(arrivals, 5.0) == {2.5: [9.0, 1.0], 7.5: [2.0], 17.5: [3.0]}
