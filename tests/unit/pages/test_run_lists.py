"""What a run's report says of logged lists."""

from __future__ import annotations

from dataclasses import replace

from refrain.lake.list_worth import ListWorth, TakenShare
from refrain.pages.run_lists import explain_logged_lists
from refrain.pages.run_models import page_models
from tests.unit.pages import examples

OFFERED = TakenShare(0.029, 0.027, 0.031)
WORTH = ListWorth(12400, 0.99, 5100.4, OFFERED, doubly_robust=TakenShare(0.031, 0.028, 0.034))
UNKNOWN = ListWorth(12400, 0.43, 900.2, OFFERED)


def test_it_says_what_was_taken_and_what_would_be() -> None:
    run = examples.binary()
    worths = [WORTH, UNKNOWN, *[None] * (len(run.candidates) - 2)]
    candidates = [replace(summary, logged=worth) for summary, worth in zip(run.candidates, worths, strict=True)]
    first, second = (candidate.figures.name for candidate in candidates[:2])

    said = explain_logged_lists(page_models(replace(run, candidates=candidates)))

    assert said is not None
    assert "From 12,400 logged lists" in said
    assert "2.9 % (2.7 % to 3.1 %) were taken within a day" in said
    assert f"{first} 3.1 % (2.8 % to 3.4 %)" in said
    assert f"{second} cannot be told, since 43 % of its items could have been offered" in said
    assert "offered of them counts as 900 offers" in said


def test_a_run_without_logged_lists_says_nothing_of_them() -> None:
    assert explain_logged_lists(page_models(examples.binary())) is None
