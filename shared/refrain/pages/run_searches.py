"""The report's section on searches: what was tried, how it did, and what was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import element, html_table, section
from refrain.pages.svg import Panel, Scale, chart, diamond, dot, pad_range, whisker
from refrain.words import counted, figure

if TYPE_CHECKING:
    from refrain.lake.search import SearchResult, SearchTrial
    from refrain.pages.html import Html
    from refrain.pages.run_models import PageModel, PageModels
    from refrain.statistics.metrics import Metric

SHOWN_TRIALS = 8
SIZE = (460, 330)
LEFT, RIGHT, TOP, BOTTOM = 54, 446, 26, 286


def searches_section(models: PageModels) -> Html | None:
    """Show the search of each candidate that has one; None without any."""
    parts = [part for model in models.candidates if model.summary.search for part in _search(model, models.metric)]
    note = (
        "Each trial is fitted on folds of the training rows, cut by the rules of the split. Its "
        f"{models.metric.title} is the mean over them. The holdout judges only the best trial, like any candidate."
    )
    return section("searches", "Searches", note, *parts) if parts else None


def _search(model: PageModel, metric: Metric) -> list[Html | None]:
    result = model.summary.search
    if result is None or result.best_trial is None:
        return []
    compared = [trial for trial in result.trials if trial.values]
    ranked = sorted(compared, key=lambda trial: trial.mean, reverse=metric.greater_is_better)
    names = list(result.best_trial.parameters)
    rows = [
        [_shown(trial.number + 1), *(_shown(trial.parameters[name]) for name in names), _mean(trial)]
        for trial in ranked[:SHOWN_TRIALS]
    ]
    table = html_table(f"{model.figures.name}: the best trials", ["Trial", *names, f"#{metric.title}"], rows)
    drawings = [_draw(model, name, compared, result, metric) for name in names]
    return [element("p", _counts(result), class_="soft small"), table, *drawings]


def _counts(result: SearchResult) -> str:
    """Say how many trials were made, and why not all."""
    failed = sum(trial.error is not None for trial in result.trials)
    words = f"{counted(len(result.trials))} of {counted(result.asked, 'trial')} were made"
    if len(result.trials) < result.asked:
        words += ": parameters repeat, a part failed, or its time ended"
    return f"{words}; {counted(failed)} could not be fitted." if failed else f"{words}."


def _draw(model: PageModel, name: str, trials: list[SearchTrial], result: SearchResult, metric: Metric) -> Html | None:
    """Draw the figure of each trial over the values of one parameter; None where these are no numbers."""
    values = [trial.parameters[name] for trial in trials]
    if any(isinstance(value, str | bool) for value in values):
        return None
    xs, ys = [float(value) for value in values], [trial.mean for trial in trials]
    panel = Panel(Scale(*pad_range(xs), LEFT, RIGHT), Scale(*pad_range(ys), BOTTOM, TOP))
    parts = panel.grid(name, metric.title)
    for x, trial in zip(xs, trials, strict=True):
        mark = dot
        if trial is result.best_trial:
            least, most = panel.y(min(trial.values)), panel.y(max(trial.values))
            parts.append(whisker(panel.x(x), least, panel.x(x), most, model.colour))
            mark = diamond
        parts.append(mark(panel.x(x), panel.y(trial.mean), model.colour, 5))
    title = f"{model.label}: {name}"
    note = "Each mark is a trial; the diamond is the one that was taken, with its least and greatest fold."
    key = f"search-{model.figures.name}-{name}"
    return chart(key, SIZE, title, note, f"{metric.title} of each trial over {name}.", parts)


def _mean(trial: SearchTrial) -> str:
    return f"{figure(trial.mean)} ({figure(min(trial.values))} to {figure(max(trial.values))})"


def _shown(value: str | bool | int | float) -> str:
    return figure(value) if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
