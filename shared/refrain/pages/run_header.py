"""The top of the report: what was decided, in one sentence, and the figures that it rests on."""

from refrain.lake.evaluation import Evaluation
from refrain.pages.frame import heading, tile
from refrain.pages.html import Html, element
from refrain.pages.run_models import Models
from refrain.times import duration, for_people
from refrain.words import counted, figure, probability, share, signed

SUPERSEDED = (
    "Meanwhile another run had changed the champion, so this comparison no longer held and nothing was promoted."
)


def header(evaluation: Evaluation, models: Models) -> Html:
    """Return badge, sentence, the run's particulars and up to four figures."""
    run = [f"Run {evaluation['run']}", f"started {for_people(evaluation['started_at'])}"]
    took = duration(evaluation["started_at"], evaluation["finished_at"])
    run += [f"took {took}"] if took else []
    run += [f"now in service: {evaluation['decision']['version']}"] if evaluation["outcome"] == "promoted" else []
    run += [f"reason: {evaluation['reason']}"] if evaluation["reason"] else []
    more = [SUPERSEDED] if evaluation["outcome"] == "superseded" else []
    more += [f"On trial: {evaluation['trial']['reason']}"] if "trial" in evaluation else []
    title, decision = f"Retraining of {evaluation['model']}", evaluation["decision"]["reason"]
    return heading(title, _badge(evaluation), decision, " · ".join(run), _tiles(evaluation, models), more=more)


def _badge(evaluation: Evaluation) -> Html:
    outcome = evaluation["outcome"]
    kept = "= Champion kept" if evaluation["champion"] else "∅ Nothing in service yet"
    words = {"promoted": "↑ Promoted", "kept": kept, "superseded": "! Superseded", "dismissed": "× Dismissed"}
    none_fit = evaluation["decision"]["code"] in ("all_failed", "all_refused")
    return element("span", words[outcome], class_=f"badge {'refused' if outcome == 'kept' and none_fit else outcome}")


def _tiles(evaluation: Evaluation, models: Models) -> list[Html]:
    tiles = []
    focus, data = models.focus, evaluation["data"]
    if focus and focus.figures["value"] is not None:
        found = focus.figures
        ends = found["interval"]
        interval = (
            f"{share(evaluation['gate']['confidence'])} interval {figure(ends[0])} to {figure(ends[1])}" if ends else ""
        )
        tiles.append(tile(f"{models.metric.title} of {focus.label}", figure(focus.figures["value"]), interval))
        if found["gain"] is not None and models.champion and models.champion.figures["value"] is not None:
            against = f"champion: {figure(models.champion.figures['value'])}"
            tiles.append(tile("Gain over champion", signed(found["gain"]), against))
        if found["no_worse"] is not None:
            needed = f"{share(evaluation['decision']['confidence'])} needed"
            tiles.append(tile("Probability of no worse", probability(found["no_worse"]), needed))
    passed = [each for each in models.candidates if not each.refused]
    refused = len(models.candidates) - len(passed)
    gate = f"{counted(refused)} did not pass the gate" if refused else "all passed the gate"
    tiles.append(tile("Candidates", counted(len(models.candidates)), gate if models.candidates else ""))
    rows = f"and {counted(data['train_rows'])} to learn from"
    tiles.append(tile("Holdout rows", counted(data["holdout_rows"]), rows))
    return tiles
