"""A look as a page that people read: what changed, since when, how much it matters, and what was decided.

One file that loads nothing, in the style of the retraining report. Plain functions from the document to strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.evaluation.metrics import METRICS
from refrain.evaluation.wording import count, figure, share
from refrain.monitoring import charts
from refrain.monitoring.wording import delay, named, unfamiliar
from refrain.report.markup import Html, element, joined, table
from refrain.report.page import STYLE
from refrain.report.sections import section
from refrain.report.times import moment

if TYPE_CHECKING:
    from refrain.monitoring.document import FigureDocument, Look, MovedDocument, WindowDocument

METHODS = (
    "Drift: permutation tests of homogeneity on cells, with the design effect where rows in a row are alike (Rao & "
    "Scott 1984), at a false discovery rate of 0.5 % over all distributions of a window (Benjamini & Hochberg 1995). "
    "Effect: population stability index less its expectation by chance. Importance: loss by permutation on the "
    "holdout. Estimated quality: by the model's own probabilities, calibrated on the holdout (Guillory et al. 2021). "
    "Intervals: bootstrap."
)
BADGES = {
    "steady": ("= Steady", "promoted"),
    "watch": ("! Watch", "superseded"),
    "drifted": ("≠ Drifted", "refused"),
    "not_judged": ("∅ Not judged yet", ""),
}
MOST_ROWS = 25


def render(look: Look) -> str:
    """Return a look as one self-contained HTML file; its texts may hold anything, they are escaped."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("title", f"Monitoring of {look['model']}: {look['state']}"),
        element("style", Html(STYLE.read_text(encoding="utf-8")), Html(charts.STYLE)),
    )
    window = look["window"]
    sections = [
        _decision(look),
        _changed(look, window) if window else None,
        _over_time(look) if look["history"] else None,
        _quality(look),
        _hits(look),
        _arrived(look, window) if window else None,
    ]
    footer = element("footer", element("p", METHODS), element("p", "Made by Refrain."))
    body = element("body", element("main", _header(look), *sections, footer))
    return joined([Html("<!doctype html>\n"), element("html", head, body, lang="en"), Html("\n")])


def _header(look: Look) -> Html:
    words, kind = BADGES[look["state"]]
    told = [f"Looked at on {moment(look['time'])}"]
    if look["version"] and look["served_since"]:
        told += [f"version {look['version']}", f"in service since {moment(look['served_since'])}"]
    if look["window"]:
        told.append(f"latest window {moment(look['window']['since'])} to {moment(look['window']['until'])}")
    top = element(
        "div", element("span", words, class_=f"badge {kind}".strip()), element("h1", f"Monitoring of {look['model']}")
    )
    return element(
        "header",
        Html(top.replace("<div>", '<div class="top">', 1)),
        element("p", look["summary"], class_="decision"),
        element("p", " · ".join(told), class_="soft small"),
        element("dl", *_tiles(look), class_="tiles"),
    )


def _tiles(look: Look) -> list[Html]:
    tiles = []
    window, evaluated, quality = look["window"], look["evaluated"], look["quality"]
    if window:
        moved = [each for each in window["features"] if each["drifted"]]
        tiles.append(_tile("Drifted", f"{len(moved)} of {window['features_tested']}", "distributions, latest window"))
        tiles.append(_tile(_noun(look).capitalize() + "s", count(window["rows"]), "in the latest window"))
    hits = look["hits"]
    if hits and hits["rate"]:
        tiles.append(_tile("Offers taken", share(hits["rate"]["value"]), _shares(hits["rate"])))
    if evaluated:
        title = METRICS[evaluated["metric"]].title
        if quality and quality["measured"]:
            tiles.append(
                _tile(f"{title}, measured", figure(quality["measured"]["value"]), _between(quality["measured"]))
            )
        if window and window["estimated"]:
            tiles.append(
                _tile(f"{title}, estimated", figure(window["estimated"]["value"]), _between(window["estimated"]))
            )
        if evaluated["value"] is not None:
            bound = f"the gate asks for {figure(evaluated['bound'])}" if evaluated["bound"] is not None else "no gate"
            tiles.append(_tile(f"{title}, on the holdout", figure(evaluated["value"]), bound))
    return tiles


def _tile(name: str, value: str, note: str) -> Html:
    content = joined([element("div", value, class_="big"), element("div", note, class_="soft small")])
    return element("div", element("dt", name), element("dd", content), class_="tile")


def _between(found: FigureDocument) -> str:
    return f"{figure(found['low'])} to {figure(found['high'])}, {count(found['rows'], 'row')}"


def _decision(look: Look) -> Html:
    decision = look["decision"]
    what = f"A run was started: {decision['execution']}." if decision["start"] else "No run was started."
    reason = decision["reason"]
    return section("decision", "What was decided", what, element("p", f"{reason[0].upper()}{reason[1:]}."))


def _changed(look: Look, window: WindowDocument) -> Html:
    moved = window["features"]
    shown = [each for each in moved if each["cells"]]
    interesting = [each for each in shown if each["drifted"]] or shown[:4]
    note = (
        f"{count(window['rows'], _noun(look))} against what the version was trained on (answers: against those on the "
        "holdout). A distribution drifts when the difference is surely not chance and its effect is at least "
        f"{figure(look['least_effect'])}. What moved as much while the training data was gathered is no more than "
        "usual."
    )
    charts_shown = [charts.distribution(each, str(place)) for place, each in enumerate(interesting[:6])]
    known = any(each["importance"] for each in moved)
    header = ["Distribution", "", "#Effect", "#Chance", *(["#Importance", "#Matters"] if known else []), "Since"]
    rows = [_row(each, known) for each in moved[:MOST_ROWS]]
    left = window["features_tested"] - len(rows)
    return section(
        "changed",
        "What changed",
        note,
        element("div", *charts_shown, class_="pair"),
        table("What matters most comes first", header, rows),
        element("p", f"{count(left, 'further distribution')} are not shown.", class_="soft small")
        if left > 0
        else None,
    )


def _row(each: MovedDocument, known: bool) -> list[str]:
    word = "drifted" if each["drifted"] else "no more than usual" if each["usual"] else "as before"
    badge = element("span", word, class_=f"badge tiny{' refused' if each['drifted'] else ''}")
    answered = each["answer"]
    weights = (
        ["answer" if answered else share(each["importance"]), "" if answered else figure(each["matters"])]
        if known
        else []
    )
    return [
        each["name"],
        badge,
        figure(each["effect"]),
        _chance(each["p"]),
        *weights,
        moment(each["since"]) if each["since"] else "",
    ]


def _chance(p: float) -> str:
    return "< 0.01 %" if p < 0.0001 else f"{100 * p:.2g} %"


def _over_time(look: Look) -> Html:
    note = (
        f"The last {count(len(look['history']), 'judged window')}. An upright line is where another version took over."
    )
    return section("time", "Over time", note, element("div", *charts.multiples(look), class_="multiples"))


def _quality(look: Look) -> Html | None:
    quality, evaluated = look["quality"], look["evaluated"]
    if quality is None or evaluated is None:
        return None
    said = [f"{share(quality['share'])} of the predictions since {moment(quality['since'])} have a label"]
    if quality["delay_seconds"] is not None:
        said.append(f"half of the labels came within {delay(quality['delay_seconds'])}")
    rows = []
    if evaluated["value"] is not None:
        rows.append(
            [
                "On the holdout, before it went into service",
                *_cells(evaluated["value"], evaluated["low"], evaluated["high"], None),
            ]
        )
    measured = quality["measured"]
    if measured:
        rows.append(
            [
                "Measured, against labels",
                *_cells(measured["value"], measured["low"], measured["high"], measured["rows"]),
            ]
        )
    window = look["window"]
    if window and window["estimated"]:
        found = window["estimated"]
        rows.append(
            [
                "Estimated, latest window, without labels",
                *_cells(found["value"], found["low"], found["high"], found["rows"]),
            ]
        )
    verdict = quality["why"] or (
        "surely below the gate"
        if quality["breaks_gate"]
        else "surely worse than on the holdout"
        if quality["worse"]
        else ""
    )
    title = METRICS[evaluated["metric"]].title
    return section(
        "quality",
        "How good it is",
        f"{'; '.join(said)}.",
        table(title, [title, "#Value", "#Interval", "#Rows"], rows) if rows else None,
        element("p", f"{verdict[0].upper()}{verdict[1:]}.") if verdict else None,
    )


def _hits(look: Look) -> Html | None:
    """Say whether what was offered was played."""
    hits = look["hits"]
    if hits is None:
        return None
    after = f"{count(hits['answered'])} of them were followed by a play of the same user within a day"
    said = f"{count(hits['offers'], 'offer')} since {moment(hits['since'])}, as far as their day is over; {after}."
    rate = hits["rate"]
    taken = "" if rate is None else f" That is {share(rate['value'])} ({_shares(rate)})."
    return section(
        "hits",
        "Were the offers taken?",
        said,
        element("p", f"After {count(hits['taken'], 'offer')} something was played that had been offered.{taken}"),
        element("p", f"{share(hits['popular'])} of the offers went to users of whom nothing was known.", class_="soft"),
    )


def _shares(found: FigureDocument) -> str:
    return f"{share(found['low'])} to {share(found['high'])}, {count(found['rows'], 'offer')}"


def _noun(look: Look) -> str:
    return "prediction" if look["hits"] is None else "play"


def _cells(value: float, low: float | None, high: float | None, rows: int | None) -> list[str]:
    between = f"{figure(low)} to {figure(high)}" if low is not None and high is not None else ""
    return [figure(value), between, "" if rows is None else count(rows)]


def _arrived(look: Look, window: WindowDocument) -> Html:
    note = f"Unlike anything in training: {unfamiliar(window)}."
    if look["hits"] is not None:
        note = f"{share(window['unfamiliar'])} of the plays were of items that the version does not know."
    new = [
        [each["feature"], share(each["share"]), share(each["expected"]), named(each["values"])]
        for each in window["new_values"]
    ]
    missing = [[each["feature"], share(each["share"]), share(each["reference"])] for each in window["missing"]]
    damaged = f"{count(look['damaged'], 'captured line')} could not be read." if look["damaged"] else None
    return section(
        "arrived",
        "What arrived",
        note,
        table("Values that training did not see", ["Category", "#Rows", "#To be expected", "Most often"], new)
        if new
        else None,
        table("Missing values", ["Feature", "#In the window", "#In training"], missing) if missing else None,
        element("p", damaged) if damaged else None,
    )
