"""The drift benchmark counts what each tool says of the same windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.drift import OURS, count_alarms, group_alarms, judge
from benchmarks.drift_tasks import MISSED_SHIFTS, DriftTask, draw_seasons, draw_shifts

if TYPE_CHECKING:
    from benchmarks.simulation.drift import Column

ROWS = 20_000


@pytest.fixture(scope="module")
def tasks() -> list[tuple[str, DriftTask]]:
    return list(draw_shifts(ROWS, np.random.default_rng(0)))


def test_a_tool_is_wrong_where_it_alarms_falsely_or_misses_a_shift(tasks: list[tuple[str, DriftTask]]) -> None:
    judges = {OURS: judge, "always": lambda task: set(task.window), "never": lambda _: set()}

    groups = [group_alarms(title, alarms) for title, alarms in count_alarms(judges, iter(tasks)).items()]

    assert [group.title.split(":")[0] for group in groups] == ["false alarms"] + ["missed"] * len(MISSED_SHIFTS)
    assert [[row.median for row in group.rows] for group in groups] == [[0, 100, 0]] + [[0, 0, 100]] * 5
    assert all(row.low <= row.median <= row.high < row.low + 100 for group in groups for row in group.rows)
    assert [group.goal for group in groups] == ["at most 1 %"] + ["at most 5 %"] * 5


def test_another_feature_that_alarms_does_not_find_the_shifted_one(tasks: list[tuple[str, DriftTask]]) -> None:
    title, task = next((title, task) for title, task in tasks if title.startswith("missed"))
    alarms = count_alarms({"others": lambda task: set(task.window) - set(task.judged)}, iter([(title, task)]))

    assert alarms[title] == {"others": [False]}


def test_only_the_named_feature_shifts(tasks: list[tuple[str, DriftTask]]) -> None:
    quiet = tasks[0][1].window
    for _, task in tasks[1:]:
        assert [name for name in quiet if not same(quiet[name], task.window[name])] == list(task.judged)


def same(column: Column, other: Column) -> bool:
    return np.array_equal(column, other, equal_nan=column.dtype != object)


def test_a_peer_gets_all_columns_as_numbers_and_text(tasks: list[tuple[str, DriftTask]]) -> None:
    arrays = tasks[0][1].arrays()

    assert {column.dtype.kind for column in arrays.values()} == {"f", "U"}
    assert len(arrays) == 2 * len(tasks[0][1].window) + 1


def test_seasons_are_judged_by_the_time_of_their_window() -> None:
    tasks = [task for _, task in draw_seasons(24, np.random.default_rng(0))]

    assert [task.judged for task in tasks] == [("daily cycle", "weaker daily cycle", "weekend"), ("weather",)]
    assert all(task.span and (task.span.until - task.span.since).total_seconds() == 86_400 for task in tasks)
    assert not any(judge(task) for task in tasks)
