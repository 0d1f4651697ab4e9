"""Which recipe is fitted again on all rows: every case, as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from preprocessing import parse_definition
from refrain.evaluation.refit_plan import plan_refit
from refrain.lake.evaluation import CandidateVerdict, Figures, GateDecision
from tests.stored import RUN, make_manifest, make_snapshot
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.lake.evaluation import Answer, DecisionCode, VerdictCode
    from refrain.lake.refit_outcome import RefitOutcome
    from refrain.lake.version import Manifest

DEFINITION = parse_definition("people", tiny.PEOPLE, "people.toml")
(CANDIDATE,) = DEFINITION.training.candidates
OLD = "20261101T000000-abcdef"
CHAMPION = make_manifest(DEFINITION, f"{OLD}-{CANDIDATE.name}")
REFITTED = replace(CHAMPION, judged=CHAMPION.version, version=f"{CHAMPION.version}.refit")


def plan(
    champion: Manifest | None,
    verdict: VerdictCode = "not_better",
    *,
    definition: Definition = DEFINITION,
    digest: str = "d2",
    answer: Answer | None = None,
) -> RefitOutcome | None:
    """Plan a run whose only candidate got this verdict."""
    version = f"{RUN}-{CANDIDATE.name}"
    is_better = verdict == "promoted"
    code: DecisionCode = "better" if is_better else "not_better"
    verdicts = (CandidateVerdict(CANDIDATE.name, version, verdict, "It is so."),)
    decision = GateDecision(is_better, code, version if is_better else None, "It is so.", verdicts)
    figures = [Figures(CANDIDATE.name, version, 0.9, answer=answer)]
    return plan_refit(replace(make_snapshot(definition), digest=digest), definition, decision, champion, figures)


def changed(**parts: Any) -> Definition:
    return parse_definition("people", {**tiny.PEOPLE, **parts}, "people.toml")


@pytest.mark.parametrize("champion", [None, CHAMPION, REFITTED])
def test_the_winner_is_fitted_again_whoever_was_in_service(champion: Manifest | None) -> None:
    refit = plan(champion, "promoted")

    assert refit is not None
    assert (refit.purpose, refit.code, refit.candidate) == ("promote", "unproved", CANDIDATE.name)
    assert refit.version == f"{RUN}-{CANDIDATE.name}.refit"
    assert refit.has_failed


@pytest.mark.parametrize("champion", [CHAMPION, REFITTED])
@pytest.mark.parametrize("verdict", ["not_better", "not_best"])
def test_the_recipe_of_a_champion_that_stays_is_fitted_again(champion: Manifest, verdict: VerdictCode) -> None:
    refit = plan(champion, verdict, answer="undecided")

    assert refit is not None
    assert (refit.purpose, refit.code, refit.candidate) == ("refresh", "unproved", CANDIDATE.name)


def test_without_a_champion_and_a_winner_nothing_is_fitted_again() -> None:
    assert plan(None, "below_floor") is None


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"champion": REFITTED, "digest": "d1"}, "nothing_new", "learned all of these rows"),
        ({"verdict": "parity_broken"}, "recipe_refused", "is not refreshed: It is so."),
        ({"answer": "worse"}, "recipe_worse", "surely worse"),
        (
            {
                "definition": changed(
                    training={
                        **tiny.PEOPLE["training"],
                        "candidates": [{"name": CANDIDATE.name, "estimator": CANDIDATE.estimator, "C": 0.5}],
                    }
                )
            },
            "recipe_gone",
            "no longer",
        ),
        ({"definition": changed(derived={"log_age": {"make": "log1p", "from": "age"}})}, "recipe_gone", CANDIDATE.name),
    ],
)
def test_what_is_not_refreshed_has_a_code_and_a_reason(changes: dict[str, Any], code: str, says: str) -> None:
    refit = plan(**{"champion": CHAMPION, **changes})

    assert refit is not None
    assert (refit.purpose, refit.code, refit.version) == ("refresh", code, None)
    assert says in refit.reason
    assert not refit.has_failed


def test_a_champion_of_another_function_is_of_another_recipe() -> None:
    refit = plan(replace(CHAMPION, functions={"features.distance": "another"}))

    assert refit is not None
    assert refit.code == "recipe_gone"


def test_a_champion_that_was_never_refitted_may_learn_the_holdout_of_its_own_rows() -> None:
    refit = plan(CHAMPION, digest="d1")

    assert refit is not None
    assert refit.code == "unproved"
