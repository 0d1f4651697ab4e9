"""The report of a run as one self-contained HTML file: the decision and its figures, then the sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, badge, framed, heading
from refrain.pages.run_answers import answers_section, importance_section
from refrain.pages.run_data import data_section
from refrain.pages.run_findings import checks_section, warning_sentences
from refrain.pages.run_intervals import ANSWERS
from refrain.pages.run_models import PageModels, page_models
from refrain.pages.run_searches import searches_section
from refrain.pages.run_sections import comparison_section, refusals_section
from refrain.pages.run_trial import trial_section
from refrain.times import duration, for_people
from refrain.words import counted, figure, probability, share, signed

if TYPE_CHECKING:
    from refrain.lake.evaluation import Evaluation
    from refrain.lake.refit_outcome import Prequential

METHODS = (
    "Gains: differences row by row, their signs flipped at random over units of rows that are alike (Fisher 1935; "
    "Canay, Romano & Shaikh 2017), for several candidates by the greatest (Westfall & Young 1993). Figures: Student's "
    "t of the rows' influence values (Efron 1982), over such units. Calibration: Wilson's intervals for shares. "
    "Importance: loss by permutation (Breiman 2001; Fisher, Rudin & Dominici 2019). Parity: the exported graph "
    "against the trained pipeline, row by row."
)
SUPERSEDED = "Another run changed the champion meanwhile, so this comparison no longer held and nothing was promoted."


def render_run(evaluation: Evaluation) -> str:
    """Return the report; the texts of the evaluation may hold anything, they are escaped."""
    models = page_models(evaluation)
    sections = (
        comparison_section(evaluation, models),
        answers_section(evaluation, models),
        importance_section(models),
        searches_section(models),
        refusals_section(models),
        trial_section(evaluation.trial, models.metric),
        checks_section(evaluation.checks),
        data_section(evaluation.data),
    )
    title = f"Retraining of {evaluation.model}: {evaluation.outcome}"
    return framed(title, _header(evaluation, models), *sections, methods=METHODS)


def _header(evaluation: Evaluation, models: PageModels) -> Html:
    """Return badge, sentence, the run's particulars and the figures that the decision rests on."""
    run = [f"Run {evaluation.run}", f"started {for_people(evaluation.started_at)}"]
    length = duration(evaluation.started_at, evaluation.finished_at)
    run += [f"took {length}"] if length else []
    run += [f"now in service: {evaluation.next_version}"] if evaluation.outcome in ("promoted", "refreshed") else []
    run += [f"reason: {evaluation.reason}"] if evaluation.reason else []
    more = [SUPERSEDED] if evaluation.outcome == "superseded" else []
    more += [f"Fitted on all rows: {evaluation.refit.reason}"] if evaluation.refit else []
    more += (
        [_since_cut(evaluation.since_cut, models, of_users=evaluation.users is not None)]
        if evaluation.since_cut
        else []
    )
    more += warning_sentences(evaluation.checks)
    more += _approval(evaluation)
    more += [f"On trial: {evaluation.trial.reason}"] if evaluation.trial else []
    title, sentence = f"Retraining of {evaluation.model}", evaluation.decision.reason
    return heading(title, _badge(evaluation), sentence, run, _tiles(evaluation, models), more=more)


def _approval(evaluation: Evaluation) -> list[str]:
    """Say that the run waits for people, and who answered what."""
    if evaluation.outcome == "waiting":
        return [
            f"Nothing goes into service before somebody agrees: refrain promote {evaluation.model}, or "
            f"refrain dismiss {evaluation.model}."
        ]
    answer = evaluation.approval
    return [f"{'Approved' if answer.approved else 'Not approved'} by {answer.by}: {answer.because}."] if answer else []


def _since_cut(since: Prequential, models: PageModels, *, of_users: bool) -> str:
    low, high = since.interval
    rows = f"{counted(since.rows, 'held-out row')} that it had not learned"
    users = f"{counted(since.rows, 'held-out user')} of whose choices it had learned none"
    judged_by = f"{users if of_users else rows} (its newest is of {for_people(since.cut)})"
    return f"In service: {models.metric.title} {figure(since.value)} ({figure(low)} to {figure(high)}) on {judged_by}."


def _badge(evaluation: Evaluation) -> Html:
    outcome: str = evaluation.outcome
    kept = "= Champion kept" if evaluation.champion else "∅ Nothing in service yet"
    words = {
        "promoted": "↑ Promoted",
        "refreshed": "↻ Refreshed",
        "kept": kept,
        "superseded": "! Superseded",
        "dismissed": "× Dismissed",
        "waiting": "… Waits for approval",
    }
    none_passed = evaluation.decision.code in ("all_failed", "all_refused")
    kind = "refused" if outcome == "kept" and none_passed else outcome
    return badge(words[outcome], kind)


def _tiles(evaluation: Evaluation, models: PageModels) -> list[tuple[str, str, str]]:
    tiles = []
    focus, data = models.focus, evaluation.data
    if focus and focus.figures.value is not None:
        figures, ends = focus.figures, focus.figures.interval
        confidence = share(evaluation.gate.confidence)
        interval = f"{confidence} interval {figure(ends[0])} to {figure(ends[1])}" if ends else ""
        tiles.append((f"{models.metric.title} of {focus.label}", figure(focus.figures.value), interval))
        if figures.gain is not None and figures.answer is not None:
            tiles.append((f"Gain over {models.base}", signed(figures.gain), ANSWERS[figures.answer]))
        if figures.chance is not None:
            allowed = f"at most {share(1 - evaluation.gate.confidence)} allowed"
            tiles.append(("Chance among equal models", probability(figures.chance), allowed))
    refused = sum(model.is_refused for model in models.candidates)
    gate = f"{counted(refused)} did not pass the gate" if refused else "all passed the gate"
    tiles.append(("Candidates", counted(len(models.candidates)), gate if models.candidates else ""))
    tiles.append(("Holdout rows", counted(data.holdout_rows), f"and {counted(data.train_rows)} to learn from"))
    return tiles
