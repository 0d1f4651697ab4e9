"""The report's drawings of how well models answer. All take bounded lists and draw them at once."""

from collections.abc import Sequence

from refrain.lake.evaluation import CalibrationBins, Histogram, Residuals
from refrain.pages.html import Html, element
from refrain.pages.run_models import Shown
from refrain.pages.svg import Panel, Scale, diamond, dot, pad_range, shorten_middle, svg, text, whisker
from refrain.words import counted, figure

WIDE, HIGH = 460, 330
LONGEST_FEATURE = 40
LEFT, RIGHT, TOP, BOTTOM = 54, 446, 26, 286


def captioned(title: str, note: str, drawing: str, *below: str | None) -> Html:
    """Return a drawing with its caption."""
    return element("figure", element("figcaption", title, element("span", note)), drawing, *below)


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """Return colours and what they mean."""
    return element("ul", *(element("li", element("i", class_=c), name) for c, name in entries), class_="legend")


def _panel(x: tuple[float, float], y: tuple[float, float]) -> Panel:
    return Panel(Scale(*x, LEFT, RIGHT), Scale(*y, BOTTOM, TOP))


def _strength(model: Shown, focus: Shown | None) -> str:
    kind = "is-champion" if model.champion else "focus" if model is focus else ""
    return f"{model.colour} {kind}".strip()


def draw_roc(models: Sequence[Shown], focus: Shown | None, note: str) -> Html:
    """Draw the ROC curves of all models that have one, the one in focus on top."""
    panel = _panel((0, 1), (0, 1))
    drawn = [each for each in models if each.curves.get("roc", {}).get("x")]
    lines = [
        panel.line(each.curves["roc"]["x"], each.curves["roc"]["y"], _strength(each, focus))
        for each in sorted(drawn, key=lambda each: each is focus)
    ]
    described = f"ROC curves of {', '.join(each.label for each in drawn)}; the closer to the upper left the better."
    drawing = svg(
        "roc",
        (WIDE, HIGH),
        "ROC curves",
        described,
        *panel.grid("false positive rate", "true positive rate"),
        panel.line([0, 1], [0, 1], "ideal"),
        *lines,
    )
    return captioned("ROC curves", note, drawing, legend([(each.colour, each.label) for each in drawn]))


def draw_calibration(models: Sequence[Shown], of: str, *, shares: bool) -> Html:
    """Draw the mean answer of each bin against the mean truth, with 95 % intervals; the diagonal is calibrated."""
    drawn = [(each, each.curves["calibration"]) for each in models if "calibration" in each.curves]
    x, y = ((0.0, 1.0), (0.0, 1.0)) if shares else _shared_range([bins for _, bins in drawn])
    panel = _panel(x, y)
    marks: list[Html] = []
    for model, bins in reversed(drawn):
        marks.append(panel.line(bins["answered"], bins["observed"], _strength(model, None)))
        for at, mean, low, high in zip(bins["answered"], bins["observed"], bins["low"], bins["high"], strict=True):
            marks.append(whisker(panel.x(at), panel.y(low), panel.x(at), panel.y(high), model.colour))
            mark = diamond if model.champion else dot
            marks.append(mark(panel.x(at), panel.y(mean), model.colour, 4))
    low, high = max(x[0], y[0]), min(x[1], y[1])
    drawing = svg(
        "calibration",
        (WIDE, HIGH),
        "Calibration",
        f"What the models answered against what was true, in bins of {of}; on the diagonal they are equal.",
        *panel.grid(f"mean answer: {of}", "observed"),
        panel.line([low, high], [low, high], "ideal"),
        *marks,
    )
    note = f"Of {of}, in bins of equally many rows, with 95 % intervals."
    return captioned("Calibration", note, drawing, legend([(each.colour, each.label) for each, _ in drawn]))


def _shared_range(all_bins: Sequence[CalibrationBins]) -> tuple[tuple[float, float], tuple[float, float]]:
    xs = [value for bins in all_bins for value in bins["answered"]]
    ys = [value for bins in all_bins for value in (*bins["low"], *bins["high"])]
    both = pad_range([*xs, *ys], 0.04)
    return both, both


def draw_histogram(model: Shown, found: Histogram) -> Html:
    """Draw how the answers are spread, apart for each series, each as shares of its own rows."""
    shares = [[rows / max(sum(series["rows"]), 1) for rows in series["rows"]] for series in found["series"]]
    panel = _panel((found["edges"][0], found["edges"][-1]), (0, max(max(each) for each in shares) * 1.06 or 1))
    colours = ("yes", "no")
    areas = [panel.steps(found["edges"], each, c) for each, c in zip(shares, colours, strict=True)]
    names = [f"{each['name']} ({counted(sum(each['rows']), 'row')})" for each in found["series"]]
    drawing = svg(
        "histogram",
        (WIDE, HIGH),
        "Spread of the answers",
        f"Histograms of {found['of']} for {' and '.join(names)}.",
        *panel.grid(found["of"], "share of its rows"),
        *reversed(areas),
    )
    note = f"{found['of'][0].upper()}{found['of'][1:]}, by {model.label}."
    return captioned("Spread of the answers", note, drawing, legend(list(zip(colours, names, strict=True))))


def draw_residuals(model: Shown, found: Residuals, others: Sequence[Residuals], key: str) -> Html:
    """Draw the residuals' median and quantile bands along the answer, on the same axes as those of `others`."""
    every = [found, *others]
    y = pad_range([value for each in every for line in each["quantiles"].values() for value in line])
    panel = _panel(
        pad_range([value for each in every for value in each["answered"]], 0.02), (min(y[0], 0), max(y[1], 0))
    )
    xs, lines = found["answered"], found["quantiles"]
    drawing = svg(
        f"residuals-{key}",
        (WIDE, HIGH),
        f"Residuals of {model.label}",
        "Quantiles of truth minus answer, along the answer; at best a narrow, even band around zero.",
        *panel.grid("answer", "truth − answer"),
        panel.level(0, "zero"),
        panel.band(xs, lines["0.05"], lines["0.95"], model.colour),
        panel.band(xs, lines["0.25"], lines["0.75"], f"{model.colour} inner"),
        panel.line(xs, lines["0.5"], f"{model.colour} focus"),
    )
    spread = max(lines["0.95"]) - min(lines["0.05"])
    note = f"Median, middle half and middle 90 % of rows; {figure(spread)} from lowest to highest."
    return captioned(f"Residuals of {model.label}", note, drawing)


def draw_importance(model: Shown, champion: Shown | None, title: str, most: int = 20) -> Html:
    """Draw how much worse the metric gets without each feature, greatest first; the champion's as diamonds."""
    found = model.importance[:most]
    beside = {each["feature"]: each["loss"] for each in champion.importance} if champion else {}
    ends = [end for each in found for end in (each["loss"] - each["deviation"], each["loss"] + each["deviation"])]
    ends += [beside[each["feature"]] for each in found if each["feature"] in beside]
    low, high = pad_range([0.0, *ends], 0.04)
    height, width = 22, 960
    left = 30 + 6.6 * max(len(shorten_middle(each["feature"], LONGEST_FEATURE)) for each in found)
    bottom = 14 + height * len(found)
    panel = Panel(Scale(low if min([0.0, *ends]) < 0 else 0.0, high, left, width - 80), Scale(0, 1, bottom, 8))
    parts = [*panel.grid_x(f"{title} lost when the feature's values are shuffled"), panel.upright(0, "zero")]
    for place, each in enumerate(found):
        y = 14 + height * (place + 0.5)
        parts.append(
            text(left - 10, y + 4, shorten_middle(each["feature"], LONGEST_FEATURE), "label", "end", each["feature"])
        )
        parts.append(
            element(
                "rect",
                x=min(panel.x(0), panel.x(each["loss"])),
                y=y - 7,
                rx=2,
                height=14,
                width=max(abs(panel.x(each["loss"]) - panel.x(0)), 0.7),
                class_=f"bar {model.colour}",
            )
        )
        spread = (panel.x(each["loss"] - each["deviation"]), panel.x(each["loss"] + each["deviation"]))
        parts.append(element("line", x1=spread[0], y1=y, x2=spread[1], y2=y, class_="zero"))
        right = max(spread[1], panel.x(0), panel.x(beside.get(each["feature"], 0.0)) + 6)
        if each["feature"] in beside:
            parts.append(diamond(panel.x(beside[each["feature"]]), y, "champion", 5))
        parts.append(text(right + 7, y + 4, figure(each["loss"]), "value"))
    names = ", ".join(each["feature"] for each in found[:5])
    drawing = svg("importance", (width, bottom + 44), "Importance of features", f"Greatest first: {names}.", *parts)
    note = f"By permutation, for {model.label}: mean and standard deviation over the repeats."
    if len(model.importance) > most:
        least = max(abs(each["loss"]) for each in model.importance[most:])
        note += f" {counted(len(model.importance) - most, 'further feature')} of at most {figure(least)} are not drawn."
    entries = [(model.colour, model.label), ("champion", "champion")] if beside else []
    return element(
        "div",
        captioned("Importance of features", note, drawing, legend(entries) if entries else None),
        class_="wide scroll",
    )
