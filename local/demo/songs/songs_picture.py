"""The picture of the simulated weeks: hit rates by how often a model is retrained, and what happened when.

One page that loads nothing, made of the parts that reports are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from local.demo.songs.policies import POPULARITY
from local.demo.songs.repertoire import releases
from refrain.pages.html import Html, badge, element, framed, heading, html_table, legend, section
from refrain.pages.svg import Panel, Scale, chart, diamond, dot, pad_range, text
from refrain.words import counted, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.demo.songs.hit_rates import HitRates, Rate
    from local.demo.songs.repertoire import Plan

SIMULATED = "Simulated: no listener, song or play in here is real."
NAMES = {
    "hourly": "retrained hourly",
    "weekly": "retrained weekly",
    "once": "trained once",
    POPULARITY: "most popular songs",
}
COLOURS = {"hourly": "s1", "weekly": "s3", "once": "s2", POPULARITY: "champion"}
KIND = {POPULARITY: " is-champion", "hourly": " focus"}
WIDE, LEFT, RIGHT = 980, 70, 960
TOP, MIDDLE = 54, 330
LOWER_TOP, BOTTOM = 390, 530


def render(plan: Plan, rates: HitRates) -> str:
    """Return the page as one self-contained HTML file."""
    title = "A simulated streaming service, by how often its model is retrained"
    parts = (_header(plan, rates, title), _draw_days(plan, rates), _figures(plan, rates), _how(plan))
    return framed(title, *parts, methods=SIMULATED)


def sentence(rates: HitRates) -> str:
    """Say what came out, small and great."""
    rate = {policy: share(rates.rate(policy).value) for policy in rates.policies}
    return (
        f"Simulated: trained once, {rate['once']} of sessions were hit; retrained weekly, {rate['weekly']}; hourly, "
        f"{rate['hourly']}. The most popular songs hit {rate[POPULARITY]}."
    )


def points(rate: Rate) -> str:
    """Write a difference of shares, with its interval, in percentage points.

    >>> from local.demo.songs.hit_rates import Rate
    >>> points(Rate(0.0128, -0.004, 0.0179)), points(Rate(-0.0001, -0.006, 0.006)), points(Rate(0, 0, 0))
    ('+1.3 (−0.4 to +1.8)', '0.0 (−0.6 to +0.6)', '0')
    """
    if not any((rate.value, rate.low, rate.high)):
        return "0"
    rounded = (round(100 * number, 1) for number in (rate.value, rate.low, rate.high))
    value, low, high = (f"{number:+.1f}".replace("-", "−") if number else "0.0" for number in rounded)
    return f"{value} ({low} to {high})"


def _header(plan: Plan, rates: HitRates, title: str) -> Html:
    tiles = [
        (NAMES[policy], share(rates.rate(policy).value), f"{counted(trained, 'version')}; {_between(rates, policy)}")
        for policy, trained in zip(rates.policies, rates.versions, strict=True)
    ]
    note = (
        f"{counted(plan.listeners, 'listener')}, {plan.watched} days watched after {plan.before} to learn from, "
        f"{counted(len(rates.day), 'session')} with a song that was new to the listener. Ranges are 95 % intervals."
    )
    return heading(title, badge("Simulated"), sentence(rates), [note], tiles)


def _between(rates: HitRates, policy: str, days: range | None = None) -> str:
    rate = rates.rate(policy, days)
    return f"{share(rate.low).removesuffix(' %')} to {share(rate.high)}"


def _draw_days(plan: Plan, rates: HitRates) -> Html:
    daily = {policy: rates.daily(policy) for policy in rates.policies}
    days = [day + 0.5 for day in range(plan.watched)]
    along = Scale(0, plan.watched, LEFT, RIGHT)
    upper = Panel(along, Scale(0, max(map(max, daily.values())) * 1.05, MIDDLE, TOP))
    gains = {policy: rates.gains(policy, "once") for policy in ("weekly", "hourly")}
    ends = [end for rates_of_days in gains.values() for rate in rates_of_days for end in (rate.low, rate.high)]
    lower = Panel(along, Scale(*pad_range([0.0, *ends], 0.04), BOTTOM, LOWER_TOP))
    parts = [
        *upper.grid_y("hit rate: sessions in which one of ten recommended songs was played"),
        *lower.grid_y("more than trained once, with 95 % intervals", 4),
        lower.level(0, "zero"),
        *_marks(plan, upper, lower),
        *(upper.line(days, daily[name], COLOURS[name] + KIND.get(name, "")) for name in reversed(rates.policies)),
    ]
    for policy, gain in gains.items():
        low, high = [rate.low for rate in gain], [rate.high for rate in gain]
        parts.append(lower.band(days, low, high, COLOURS[policy]))
    parts += [lower.line(days, [rate.value for rate in gain], COLOURS[policy]) for policy, gain in gains.items()]
    description = (
        "Hit rate of each simulated day for four policies; below it the gain of retraining over training once."
    )
    named = legend([(COLOURS[name], NAMES[name]) for name in rates.policies])
    note = (
        "One value a day, not smoothed. Diamonds: songs come out. Dots: the weekly model is trained. Dashed: a genre "
        "comes into fashion, and a song nobody knew becomes a hit."
    )
    drawing = chart("songs", (WIDE, BOTTOM + 40), "Hit rate of each simulated day", note, description, parts, named)
    figure = element("div", drawing, class_="wide scroll")
    return section("days", "Day by day", "All policies answer before the same sessions.", figure)


def _marks(plan: Plan, upper: Panel, lower: Panel) -> Iterator[Html]:
    """Draw what happens in the service, and the days."""
    for day, name in ((plan.shift, "a genre comes into fashion"), (plan.hit, "a hit breaks out")):
        yield from (upper.upright(day, "floor"), lower.upright(day, "floor"))
        yield text(upper.x(day) + 5, MIDDLE - 18, name, "floor-label")
    for day in releases(plan):
        if 0 <= day < plan.watched:
            yield diamond(upper.x(day), MIDDLE, "s4", 5)
    for week in range(7, plan.watched, 7):
        yield dot(upper.x(week), MIDDLE, COLOURS["weekly"], 5)
    for day in range(0, plan.watched, 2):
        date = np.datetime_as_string(plan.at(day), unit="D")
        yield text(lower.x(day + 0.5), BOTTOM + 17, f"{int(date[8:])}.{int(date[5:7])}.", "tick", "middle")


def _with_interval(rates: HitRates, policy: str, days: range | None) -> str:
    return f"{share(rates.rate(policy, days).value)} ({_between(rates, policy, days)})"


def _figures(plan: Plan, rates: HitRates) -> Html:
    weeks = {f"week {week + 1}": range(7 * week, 7 * week + 7) for week in range(plan.watched // 7)}
    spans: dict[str, range | None] = {"all days": None, **weeks}
    rows = [
        [NAMES[policy], *(_with_interval(rates, policy, days) for days in spans.values())] for policy in rates.policies
    ]
    pairs = [("weekly", "once"), ("hourly", "weekly"), ("hourly", POPULARITY)]
    gained = [
        [f"{NAMES[one]}, against {NAMES[other]}", *(points(rates.gain(one, other, days)) for days in spans.values())]
        for one, other in pairs
    ]
    predicted = [
        [f"{kind} ({counted(plays, 'play')})", *map(share, shares)] for kind, (plays, shares) in rates.predicted.items()
    ]
    return section(
        "figures",
        "In figures",
        "In brackets: 95 % intervals, by a bootstrap over listeners. Differences are of the same sessions.",
        html_table("Hit rate", ["", *(f"#{span}" for span in spans)], rows),
        html_table("Gained, in percentage points", ["", *(f"#{span}" for span in spans)], gained),
        html_table(
            "Share of first plays that had been recommended",
            ["", *(f"#{NAMES[name]}" for name in rates.policies)],
            predicted,
        ),
    )


def _how(plan: Plan) -> Html:
    return section(
        "how",
        "How it is simulated",
        SIMULATED,
        element(
            "p",
            f"{counted(plan.listeners, 'listener')} have tastes among genres, which drift; songs have genres, and a "
            "popularity by Zipf's law. What is like the listener's taste, popular, new, or was played before is played "
            f"more often. {counted(plan.releases, 'song')} come out each Friday. {plan.shift:g} days after watching "
            "began a genre comes into fashion and catches four in ten listeners; "
            f"{plan.hit:g} days after, a song that hardly anybody knew begins to become a hit: taste, habit and "
            "newness apart, twice as popular as the most popular one.",
        ),
        element(
            "p",
            "Plays do not depend on recommendations: nobody here sees them. In a real service people do, and play "
            "some of them. Other constants or another seed would give other figures.",
        ),
        element(
            "p",
            "The models are Refrain's own, by the candidate of the example's definition, trained by the code "
            "that trains in the cloud on all plays before its time, as a run refits what serves. They are exported, "
            "and answer by the code that serves. There is no gate: each "
            "new version serves. All know a listener's history until the session, as the history table does; they "
            "differ in what they learned. The most popular songs are what the hourly version recommends to an "
            "unknown listener.",
        ),
    )
