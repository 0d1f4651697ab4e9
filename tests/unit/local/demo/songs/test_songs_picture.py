"""The page about the simulated weeks."""

from __future__ import annotations

import re

import numpy as np
import pytest

from local.demo.songs.hit_rates import HitRates
from local.demo.songs.repertoire import Plan
from local.demo.songs.songs_picture import render, sentence

POLICIES = ("hourly", "weekly", "once", "popularity")
PLAN = Plan()


@pytest.fixture(scope="module")
def rates() -> HitRates:
    """Ten listeners a day; hourly hits 4 of 10, weekly 3, once 2, popularity 1, on all days."""
    hit = np.array([[place < many for many in (4, 3, 2, 1)] for _ in range(PLAN.watched) for place in range(10)])
    day, listener = np.repeat(np.arange(PLAN.watched), 10), np.tile(np.arange(10), PLAN.watched)
    return HitRates(POLICIES, hit, day, listener, {"the hit": (30, (0.25, 0.0, 0.0, 0.1))}, (493, 3, 1, 493))


def test_the_page_says_that_it_is_simulated_before_anything_else(rates: HitRates) -> None:
    page = render(PLAN, rates)

    assert sentence(rates).startswith("Simulated: ")
    assert page.index("Simulated") < page.index("<svg")
    assert "no listener, song or play in here is real" in page
    assert "do not depend on recommendations" in page


def test_the_figures_are_those_that_were_counted(rates: HitRates) -> None:
    page = render(PLAN, rates)

    assert sentence(rates) == (
        "Simulated: trained once, 20 % of sessions were hit; retrained weekly, 30 %; hourly, 40 %. "
        "The most popular songs hit 10 %."
    )
    assert "493 versions" in page
    assert 'the hit (30 plays)</th><td class="number">25 %</td>' in page


def test_a_policy_without_gain_is_drawn_at_zero(rates: HitRates) -> None:
    hit = rates.hit.copy()
    hit[:, 0] = hit[:, 1]
    same = HitRates(POLICIES, hit, rates.day, rates.listener, {}, rates.versions)
    told = 'retrained hourly, against retrained weekly</th><td class="number">'

    assert f"{told}0</td>" in render(PLAN, same)
    assert f"{told}+10.0 (" in render(PLAN, rates)


def test_the_drawing_has_a_line_for_each_policy_and_two_gains_with_their_intervals(rates: HitRates) -> None:
    page = render(PLAN, rates)
    drawn = page[page.index("<svg") : page.index("</svg>")]

    assert len(re.findall(r'class="line ', drawn)) == 6
    assert len(re.findall(r'class="band ', drawn)) == 2
    assert "a hit breaks out" in drawn
    assert "a genre comes into fashion" in drawn


def test_the_page_loads_nothing(rates: HitRates) -> None:
    assert not re.findall(r"(?:src|href)=|url\(|@import|<script", render(PLAN, rates))
