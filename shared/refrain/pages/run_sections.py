"""The report's sections on the decision: the figures that it rests on, and the reasons of the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.compared_words import explain_compared
from refrain.pages.html import Html, badge, element, html_table, joined, scroller, section
from refrain.pages.run_intervals import ANSWERS, VERDICTS, draw_intervals
from refrain.pages.run_lists import explain_logged_lists
from refrain.statistics.metrics import METRICS
from refrain.words import counted, figure, listed, memory_size, milliseconds, probability, share, signed, size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.lake.evaluation import Evaluation, Figures, ModelSummary
    from refrain.pages.run_models import PageModel, PageModels

LIST_METRICS = ("ndcg@10", "recall@10", "hit_rate@10", "ndcg@40", "recall@40")
"""Of the many metrics of recommendations, those that the report shows besides the gate's."""


def comparison_section(evaluation: Evaluation, models: PageModels) -> Html:
    """Show candidates against the champion: the drawing, the table and the rule."""
    gate, metric = evaluation.gate, models.metric
    floor = gate.min_metric if metric.greater_is_better else gate.max_metric
    title = "Candidates against the champion" if models.champion else "The candidates"
    note, drawing = "No model has a figure, so there is nothing to compare.", None
    if any(model.figures.value is not None for model in models.all):
        compared = explain_compared(evaluation.compared, "holdout row" if evaluation.users is None else "user")
        note = f"{compared} {_power(evaluation, models)}"
        intervals = draw_intervals(models.all, metric, gate.confidence, floor, models.base)
        drawing = scroller("The intervals, drawn", intervals, "wide scroll")
    return section(
        "comparison",
        title,
        note,
        drawing,
        _figures_table(models),
        _other_metrics(evaluation, models),
        explain_logged_lists(models),
        element("p", _rule(evaluation, models, floor), class_="soft small"),
    )


def _rule(evaluation: Evaluation, models: PageModels, floor: float | None) -> str:
    gate, trivial = evaluation.gate, evaluation.stakes.trivial
    rules = ["answers as the trained pipeline does on all holdout and golden rows"]
    if floor is not None:
        bound = "at least" if models.metric.greater_is_better else "at most"
        rules.append(f"has {models.metric.title} of {bound} {figure(floor)}")
    if trivial is not None:
        simplest = "the most popular items" if evaluation.task == "recommendation" else "the trivial predictor"
        rules.append(f"is better than {simplest} ({figure(trivial)})")
    largest = "" if gate.max_memory_mb is None else f", in {gate.max_memory_mb:g} MB"
    rules.append(f"fits into inference beside the champion{largest}")
    if gate.max_latency_ms is not None:
        rules.append(f"answers one row within {milliseconds(gate.max_latency_ms)}")
    more = f" by more than {figure(gate.least_gain)}" if gate.least_gain else ""
    return (
        f"The gate: a candidate {listed(rules)}. The best of those replaces the champion when it is surely "
        f"better{more}: equal models show such a gain with a chance of at most {share(1 - gate.confidence)}, however "
        "many are tried. A gain is positive when better, and its interval lies above zero when the gate lets it pass."
    )


def _power(evaluation: Evaluation, models: PageModels) -> str:
    """Say how much these rows can tell."""
    stakes, rows = evaluation.stakes, evaluation.compared.rows
    sentences = []
    if stakes.units < rows:
        sentences.append(
            f"They count as {counted(stakes.units)} independent ones, since rows that belong together, or follow each "
            "other, are alike."
        )
    seen = [model.figures.seen_gain for model in models.candidates if model.figures.seen_gain is not None]
    if seen:
        sentences.append(f"With them a gain of {figure(min(seen))} is seen with a probability of 80 %.")
    if stakes.margin is not None and models.champion:
        sentences.append(
            f"No worse means by at most {figure(stakes.margin)}, {share(evaluation.gate.margin)} of what is at stake."
        )
    return " ".join(sentences)


def _name_cell(model: PageModel, *details: str) -> Html:
    name = "champion" if model.is_champion else model.figures.name
    small = (element("small", detail) for detail in details if detail)
    return joined([element("i", class_=model.colour), name, *small])


def _figures_table(models: PageModels) -> Html | None:
    gain = ("#Gain", "#Chance", "Answer") if models.has_gains else ()
    header = ["Model", f"#{models.metric.title}", *gain, "#One row", "#Size", "#Parity", "Verdict"]
    rows = [_figures_row(model, against=models.has_gains) for model in models.all]
    return html_table("Figures of the gate", header, rows)


def _figures_row(model: PageModel, *, against: bool) -> list[str]:
    figures, code = model.figures, model.verdict and model.verdict.code
    gain = [_cell(signed, figures.gain, figures.gain_interval), _cell(probability, figures.chance), _answer(figures)]
    verdict = VERDICTS[code].removeprefix("refused: ") if code else "in service"
    kind = "promoted" if code == "promoted" else "refused" if model.is_refused else ""
    estimator = model.summary.estimator.rpartition(".")[2]
    details = (_chosen(model.summary), _calibrated(model.summary), _decision(model.summary))
    return [
        _name_cell(model, estimator, *details, figures.version if model.is_champion else ""),
        _cell(figure, figures.value, figures.interval),
        *(gain if against else []),
        _cell(milliseconds, figures.latency_ms),
        _sizes(model),
        _parity(model),
        badge(verdict, f"tiny {kind}"),
    ]


def _chosen(summary: ModelSummary) -> str:
    """Name the parameters that training chose, for a definition that left them open."""
    return listed(
        [f"{name} {figure(value) if isinstance(value, float) else value}" for name, value in summary.chosen.items()]
    )


def _calibrated(summary: ModelSummary) -> str:
    """Say how far answers were from what came true, on average, before and after the calibration."""
    if (calibrated := summary.calibrated) is None:
        return ""
    return f"{calibrated.kind}: answers off by {share(calibrated.before)} before, {share(calibrated.after)} after"


def _decision(summary: ModelSummary) -> str:
    """Say from which probability two classes are decided, where decisions have costs."""
    rule = summary.rule
    return "" if rule is None or rule.threshold is None else f"decides {rule.classes[1]} from {figure(rule.threshold)}"


def _answer(figures: Figures) -> str:
    if figures.answer is None:
        return "–"
    more = element("small", f"about {counted(figures.rows_needed, 'more row')}") if figures.rows_needed else None
    return joined([ANSWERS[figures.answer], more])


def _cell[N: float](write: Callable[[N], str], value: N | None, interval: Sequence[N] | None = None) -> str:
    if value is None:
        return "–"
    ends = element("small", f"{write(interval[0])} to {write(interval[1])}") if interval else None
    return joined([write(value), ends])


def _sizes(model: PageModel) -> str:
    """Write the size of the file, then what it takes to load it: at least that, where evaluation had no more memory."""
    figures, footprint = model.figures, model.figures.footprint
    if footprint is None:
        return _cell(size, figures.bytes)
    memory = f"{'> ' if figures.bytes is None else ''}{memory_size(footprint.peak_bytes)} held"
    seconds = "" if figures.bytes is None else f"after {footprint.cpu_seconds:.2g} s"
    return joined([_cell(size, figures.bytes), *(element("small", detail) for detail in (memory, seconds) if detail)])


def _parity(model: PageModel) -> str:
    both = [parity for parity in (model.figures.parity, model.figures.golden) if parity is not None]
    if not both:
        return "–"
    differing, rows = sum(parity.differing for parity in both), sum(parity.rows for parity in both)
    greatest = max(parity.max_difference for parity in both)
    details = [f"by at most {greatest:.1g}"]
    if rounding := model.figures.rounding:
        details.append(f"as written {rounding.largest:.1g}, at most {rounding.bound:.0g}")
    return joined([f"{counted(differing)} of {counted(rows)} differ", *(element("small", text) for text in details)])


def _other_metrics(evaluation: Evaluation, models: PageModels) -> Html | None:
    names = [name for name in METRICS if any(name in model.summary.metrics for model in models.all)]
    if evaluation.task == "recommendation":
        names = [name for name in names if name in LIST_METRICS or name == evaluation.metric]
    beyond = list(dict.fromkeys(name for model in models.all for name in model.summary.beyond_accuracy))
    rows = []
    for model in models.all:
        values = model.summary.metrics | model.summary.beyond_accuracy
        if model.summary.metrics:
            cells = (figure(values[name]) if name in values else "–" for name in (*names, *beyond))
            rows.append([_name_cell(model), *cells])
    title = f"Other figures on the same rows (the gate looks at {models.metric.title} only)"
    if evaluation.positive is not None:
        title = f"{title}; the positive class is {evaluation.positive}"
    titles = [*(METRICS[name].title for name in names), *(name.replace("_", " ") for name in beyond)]
    return html_table(title, ["Model", *(f"#{name}" for name in titles)], rows)


def refusals_section(models: PageModels) -> Html | None:
    """Explain for each candidate that did not go into service why not."""
    entries = []
    for model in models.candidates:
        if model.verdict and model.verdict.code != "promoted":
            verdict = badge(VERDICTS[model.verdict.code], "tiny refused" if model.is_refused else "tiny")
            entries.append(element("li", verdict, " ", model.verdict.reason))
    if not entries:
        return None
    title = "Why not the others" if len(entries) < len(models.candidates) else "Why none of them"
    return section("refused", title, "One sentence for each.", element("ul", *entries, class_="plain"))
