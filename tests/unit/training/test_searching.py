"""A search is spread over parts that together make all trials, and takes the parameters that answer best."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import Candidate
from preprocessing.model_rules import ParameterRange, Search
from refrain.lake.search import SearchResult, count_parts
from refrain.training.searching import MAX_SEARCH_SECONDS, draw_trials, try_parameters

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn

RANGES = st.builds(
    lambda low, width, whole: ParameterRange(round(low) if whole else low, round(low + width + 1), whole=whole),
    st.floats(0.001, 100),
    st.floats(1, 1e4),
    st.booleans(),
)
OPTIONS = st.lists(st.integers(-5, 5), min_size=2, max_size=5, unique=True).map(tuple)


@given(st.dictionaries(st.sampled_from("abc"), RANGES | OPTIONS, min_size=1), st.integers(2, 60))
def test_trials_stay_within_bounds_and_never_repeat(parameters: dict[str, Any], trials: int) -> None:
    search = Search(parameters, trials)
    drawn = draw_trials(search)

    assert drawn == draw_trials(search)
    assert 1 <= len(drawn) <= trials
    assert len({tuple(trial.items()) for trial in drawn}) == len(drawn)
    for trial in drawn:
        for name, value in trial.items():
            if isinstance(bounds := parameters[name], ParameterRange):
                assert bounds.low <= float(value) <= bounds.high
                assert isinstance(value, int) == bounds.whole
            else:
                assert value in bounds


@pytest.mark.parametrize(
    "options", [(3, 4, 5, 6, 7), ParameterRange(3, 7, whole=True), ParameterRange(1, 100, whole=True)]
)
def test_trials_reach_both_ends(options: Any) -> None:
    values = [float(trial["depth"]) for trial in draw_trials(Search({"depth": options}, 40))]
    low, high = (options.low, options.high) if isinstance(options, ParameterRange) else (3, 7)

    assert min(values) <= low + 1
    assert max(values) >= 0.9 * high


@given(st.integers(2, 200))
def test_the_parts_make_each_trial_once(trials: int) -> None:
    shares = [list(range(trials))[part :: count_parts(trials)] for part in range(count_parts(trials))]

    assert sorted(itertools.chain(*shares)) == list(range(trials))
    assert max(map(len, shares)) <= 5


@pytest.mark.parametrize("split", ["hash", "upload"])
@pytest.mark.parametrize("classes", [2, 0])
def test_the_parameters_that_answer_new_rows_best_win(learn: Learn, classes: int, split: Any) -> None:
    learned = learn(classes)
    estimator = f"tree.DecisionTree{'Classifier' if classes else 'Regressor'}"
    definition = replace(learned.definition, training=replace(learned.definition.training, split=split))
    candidate = Candidate("tree", f"sklearn.{estimator}", "auto", {"max_features": 0.9})
    drawn: Any = [(number, {"max_depth": depth}) for number, depth in enumerate((1, 5, 60))]

    trials = list(try_parameters(definition, candidate, learned.columns, drawn))

    assert [trial.parameters["max_depth"] for trial in trials] == [1, 5, 60]
    means = [trial.mean for trial in trials]
    assert (max if classes else min)(means) == means[1]


def test_a_trial_that_cannot_be_fitted_says_why_and_stops_no_other(learn: Learn) -> None:
    learned = learn(2)
    candidate = Candidate("tree", "sklearn.tree.DecisionTreeClassifier", "auto", {})
    drawn: Any = [(0, {"max_depth": -1}), (1, {"max_depth": 3})]

    failed, passed = try_parameters(learned.definition, candidate, learned.columns, drawn)

    assert "'max_depth'" in (failed.error or "")
    assert (passed.error, len(passed.values)) == (None, 5)


def test_a_part_stops_while_there_is_time(learn: Learn) -> None:
    learned = learn(2)
    candidate = Candidate("tree", "sklearn.tree.DecisionTreeClassifier", "auto", {})
    drawn: Any = [(number, {"max_depth": number + 1}) for number in range(5)]
    times = itertools.count(0, MAX_SEARCH_SECONDS / 5)

    trials = list(try_parameters(learned.definition, candidate, learned.columns, drawn, clock=lambda: next(times)))

    assert len(trials) == 2


def test_a_result_knows_its_best_trial() -> None:
    assert SearchResult([], 5).best_trial is None
