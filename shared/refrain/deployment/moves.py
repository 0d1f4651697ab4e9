"""The end of a retraining run, and the trial before it: every move that a run makes of the deployment, and its report.

A run promotes, puts its best on trial, keeps what is there, dismisses what was on trial, or finds out that another run
was faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from refrain.aws.emf import count_metric
from refrain.errors import InvalidRequest
from refrain.events import TEXT, TIME, Field, one_of, read_fields
from refrain.lake import keys
from refrain.lake.deployment import Deployment, Served, Withdrawn
from refrain.lake.deployment_moves import remove_challenger, set_challenger, set_champion
from refrain.lake.snapshot import Snapshot
from refrain.lake.trial_outcome import HARMS, TrialOutcome
from refrain.lake.trial_terms import challenger_of, pause_seconds
from refrain.lake.version import read_learned_digest, version_report_key
from refrain.pages.run_page import render_run
from refrain.times import to_iso_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.aws.storage import Store
    from refrain.lake.evaluation import Evaluation, Outcome

Move = Literal["promote", "keep", "superseded", "dismiss"]
MOVE_RESULTS: dict[Move, Outcome] = {
    "promote": "promoted",
    "keep": "kept",
    "superseded": "superseded",
    "dismiss": "dismissed",
}
MOVE_FIELDS = {
    "move": one_of(*MOVE_RESULTS, "start_trial"),
    "model": TEXT,
    "run": TEXT,
    "judgement": Field("the outcome of a trial", TrialOutcome.from_json).optional(),
}


@dataclass(frozen=True)
class MoveRequest:
    """The state's input, checked; `trial` is the judgement, where there was one."""

    move: Move | Literal["start_trial"]
    model: str
    run: str
    trial: TrialOutcome | None = None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> MoveRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        values = read_fields(event, MOVE_FIELDS)
        trial = values.pop("judgement")
        if trial is None and values["move"] == "dismiss":
            trial = _unjudged(read_fields(event, {"at": TIME})["at"])
        return cls(**values, trial=trial)


def _unjudged(at: datetime) -> TrialOutcome:
    """Return the outcome of a challenger that could not be judged."""
    reason = "The challenger could not be judged, so its trial was ended."
    return TrialOutcome("dismiss", "unjudged", reason, to_iso_milliseconds(at), None)


def start_trial(store: Store, request: MoveRequest) -> dict[str, object]:
    """Put the run's best beside the champion; return what the states that wait and judge need to know.

    Doing it again changes nothing.

    Raises:
        ChampionChanged: when another champion is in service than the one that this run compared with.
        ChallengerChanged: when another version is on trial.
    """
    evaluation: Evaluation = store.read_json(keys.snapshot(request.model, request.run, "evaluation.json"))
    rollout = Snapshot.read(store, request.model, request.run).parse_definition().rollout
    challenger = challenger_of(_served(evaluation), rollout)
    set_challenger(store, request.model, challenger, expected=_compared_with(evaluation), reasons=_reasons(evaluation))
    return {
        "model": request.model,
        "run": request.run,
        "version": challenger.version,
        "mode": challenger.mode,
        "until": challenger.until,
        "pause_seconds": pause_seconds(rollout),
    }


def finish_run(store: Store, request: MoveRequest) -> dict[str, object]:
    """Carry out what was decided and write the report; return what the run came to.

    Doing it again changes nothing.

    Raises:
        ChampionChanged: when another champion is in service than the one that this run compared with.
        ChallengerChanged: when what should be promoted after its trial is no longer on trial.
    """
    evaluation: Evaluation = store.read_json(keys.snapshot(request.model, request.run, "evaluation.json"))
    evaluation["outcome"] = MOVE_RESULTS[cast("Move", request.move)]
    if request.trial:
        evaluation["trial"] = request.trial.to_json()
    if request.move == "promote":
        _promote(store, evaluation)
    elif request.move in ("dismiss", "superseded") and evaluation["decision"]["version"]:
        _dismiss(store, evaluation)
    report = keys.snapshot(request.model, request.run, "report.html")
    page = render_run(evaluation).encode()
    store.write(report, page)
    if request.move == "promote":
        report = version_report_key(request.model, _promoted(evaluation))
        store.write_new(report, page)
    deployment = Deployment.read(store, request.model)
    count_metric(str(evaluation["outcome"]).capitalize(), request.model, run=request.run)
    return {
        "model": request.model,
        "run": request.run,
        "outcome": evaluation["outcome"],
        "decision": evaluation["decision"]["code"],
        "reason": _reason(request, evaluation, deployment),
        "trial": request.trial.to_json() if request.trial else None,
        "champion": deployment.champion_version,
        "figures": _figures(evaluation),
        "report": f"s3://{store.bucket}/{report}",
    }


def _promote(store: Store, evaluation: Evaluation) -> None:
    set_champion(
        store,
        evaluation["model"],
        _served(evaluation),
        expected=_compared_with(evaluation),
        reasons=_reasons(evaluation),
        on_trial="trial" in evaluation,
    )


def _dismiss(store: Store, evaluation: Evaluation) -> None:
    """End the trial, if this run's version is on trial; where it did harm its snapshot is not learned from again."""
    model, version, trial = evaluation["model"], _promoted(evaluation), evaluation.get("trial")
    deployment = Deployment.read(store, model)
    if trial is None and deployment.challenger_version != version:
        return
    at = trial["at"] if trial else to_iso_milliseconds(datetime.now(UTC))
    harmful = trial is not None and trial["code"] in HARMS
    withdrawn = Withdrawn(version, read_learned_digest(store, model, version), at) if harmful else None
    remove_challenger(store, model, version, at=at, reasons=_reasons(evaluation), withdrawn=withdrawn)


def _served(evaluation: Evaluation) -> Served:
    """Name the chosen version, in service (or on trial) since it was judged, or else compared."""
    version = _promoted(evaluation)
    since = evaluation["trial"]["at"] if "trial" in evaluation else evaluation["finished_at"]
    chosen = next(each["figures"] for each in evaluation["candidates"] if each["figures"]["version"] == version)
    return Served(version, to_iso_milliseconds(datetime.fromisoformat(since)), evaluation["metric"], chosen["value"])


def _compared_with(evaluation: Evaluation) -> str | None:
    champion = evaluation["champion"]
    return champion["figures"]["version"] if champion else None


def _reasons(evaluation: Evaluation) -> dict[str, object]:
    """Who moved the deployment, why, and on which figures, for its log."""
    reasons: dict[str, object] = {
        "by": f"retraining run {evaluation['run']}",
        "because": evaluation["reason"],
        "decision": evaluation["decision"]["reason"],
        "figures": _figures(evaluation),
    }
    return reasons | ({"trial": evaluation["trial"]} if "trial" in evaluation else {})


def _reason(request: MoveRequest, evaluation: Evaluation, deployment: Deployment) -> str:
    if request.move != "superseded":
        return request.trial.reason if request.trial else evaluation["decision"]["reason"]
    champion, compared = deployment.champion_version, _compared_with(evaluation)
    version = evaluation["decision"]["version"]
    if deployment.withdrew(version):
        return f"{version} was withdrawn meanwhile, and stays out. Nothing was changed."
    if champion == compared and deployment.challenger:
        return f"Another run was faster: {deployment.challenger.version} is on trial. Nothing was changed."
    return f"Another run was faster: {champion} went into service meanwhile, and stays. Nothing was changed."


def _promoted(evaluation: Evaluation) -> str:
    version = evaluation["decision"]["version"]
    if version is None:
        raise InvalidRequest(f"move: run {evaluation['run']} decided to keep the champion, so nothing is promoted")
    return version


def _figures(evaluation: Evaluation) -> dict[str, object]:
    """The metric of the champion and of every candidate on the same rows, for the run's output and the log."""
    champion = evaluation["champion"]
    return {
        "metric": evaluation["metric"],
        "rows": evaluation["data"]["holdout_rows"],
        "champion": champion["figures"]["value"] if champion else None,
        **{each["figures"]["name"]: each["figures"]["value"] for each in cast("list[Any]", evaluation["candidates"])},
    }
