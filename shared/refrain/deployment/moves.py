"""The moves that a retraining run makes of its model's deployment, and the report that it ends with.

A run promotes its best candidate, starts a trial of it, refreshes or keeps the champion, or dismisses the challenger;
or another run was faster, and nothing changes. What goes into service was fitted again on all rows, unless that failed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from refrain.aws.emf import count_metric
from refrain.aws.event_bus import send_event
from refrain.deployment.move_record import all_figures, explain_end, judged_figure, log_reasons
from refrain.errors import InvalidRequest
from refrain.events import FLAG, TEXT, TIME, Field, one_of, read_fields
from refrain.lake.approval import read_approval
from refrain.lake.deployment import Deployment, pause_seconds
from refrain.lake.deployment_moves import remove_challenger, set_challenger, set_champion
from refrain.lake.evaluation import Evaluation, write_report
from refrain.lake.snapshot import Snapshot
from refrain.lake.trial_outcome import HARMS, TrialOutcome
from refrain.lake.version import read_learned_digest
from refrain.pages.run_page import render_run
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.aws.event_bus import EventName
    from refrain.aws.storage import Store
    from refrain.lake.evaluation import Outcome

Move = Literal["promote", "refresh", "keep", "superseded", "dismiss"]
MOVE_RESULTS: dict[Move, Outcome] = {
    "promote": "promoted",
    "refresh": "refreshed",
    "keep": "kept",
    "superseded": "superseded",
    "dismiss": "dismissed",
}
MOVE_FIELDS = {
    "move": one_of(*MOVE_RESULTS, "start_trial"),
    "model": TEXT,
    "run": TEXT,
    "judgement": Field("the outcome of a trial", TrialOutcome.from_json).optional(),
    "unapproved": FLAG.optional(False),
}


@dataclass(frozen=True)
class MoveRequest:
    """The state's input, checked; `trial` is the outcome of the trial, if there was one.

    An `unapproved` version is dismissed since nobody agreed to it.
    """

    move: Move | Literal["start_trial"]
    model: str
    run: str
    trial: TrialOutcome | None = None
    unapproved: bool = False

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> MoveRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        values = read_fields(event, MOVE_FIELDS)
        trial = values.pop("judgement")
        if trial is None and values["move"] == "dismiss" and not values["unapproved"]:
            at = to_iso(read_fields(event, {"at": TIME})["at"], "milliseconds")
            reason = "The challenger could not be judged, so its trial was ended."
            trial = TrialOutcome("dismiss", "unjudged", reason, at, None)
        return cls(**values, trial=trial)


def start_trial(store: Store, request: MoveRequest) -> dict[str, object]:
    """Put the run's best candidate on trial beside the champion; return what the waiting and judging states need.

    Doing it again changes nothing. Raises `ChampionChanged` when another champion is in service than the one that this
    run compared with, and `ChallengerChanged` when another version is on trial.
    """
    evaluation = Evaluation.read(store, request.model, request.run)
    rollout = Snapshot.read(store, request.model, request.run).parse_definition().rollout
    version, expected = next_version_of(evaluation), evaluation.champion_version
    reasons = log_reasons(evaluation) | judged_figure(evaluation)
    deployment = set_challenger(store, request.model, version, rollout, expected=expected, reasons=reasons)
    _send_failures(evaluation)
    _send_warnings(evaluation)
    facts = {"run": request.run, "version": version, "champion": expected}
    send_event("TrialStarted", request.model, request.run, f"{version} is on trial beside {expected}.", **facts)
    return {
        "model": request.model,
        "run": request.run,
        "version": version,
        "mode": rollout.mode,
        "until": deployment.challenger.until if deployment.challenger else None,
        "pause_seconds": pause_seconds(rollout),
    }


def finish_run(store: Store, request: MoveRequest) -> dict[str, object]:
    """Make the move that was decided, and write the outcome and the report; return the result of the run.

    Doing it again changes nothing. Raises `ChampionChanged` when another champion is in service than the one that this
    run compared with, and `ChallengerChanged` when the version to promote after its trial is no longer on trial.
    """
    evaluation = Evaluation.read(store, request.model, request.run)
    outcome = MOVE_RESULTS[cast("Move", request.move)]
    if outcome == "promoted" and not evaluation.decision.promote:
        outcome = "refreshed"  # after its trial
    asked = read_approval(store, request.model, request.run)
    evaluation = replace(
        evaluation,
        outcome=outcome,
        trial=request.trial or (asked.trial if asked else None),
        approval=asked.conclude(refused=request.unapproved) if asked else None,
    )
    version = next_version_of(evaluation) if request.move in ("promote", "refresh") else None
    if version:
        _serve(store, evaluation, version)
    elif request.move in ("dismiss", "superseded") and evaluation.next_version:
        _dismiss(store, evaluation)
    evaluation.write(store, request.model, request.run)
    report = write_report(store, request.model, request.run, render_run(evaluation).encode(), version)
    deployment = Deployment.read(store, request.model)
    name = cast("EventName", outcome.capitalize())
    count_metric(name, request.model, run=request.run)
    result: dict[str, object] = {
        "model": request.model,
        "run": request.run,
        "outcome": outcome,
        "decision": evaluation.decision.code,
        "reason": explain_end(evaluation, deployment),
        "refit": evaluation.refit.to_json() if evaluation.refit else None,
        "trial": evaluation.trial.to_json() if evaluation.trial else None,
        "approval": evaluation.approval.to_json() if evaluation.approval else None,
        "champion": deployment.champion_version,
        "figures": all_figures(evaluation),
        "checks": evaluation.failed_checks,
        "report": f"s3://{store.bucket}/{report}",
    }
    _send_failures(evaluation)
    _send_warnings(evaluation)
    facts = {key: result[key] for key in ("champion", "decision", "figures", "report")}
    chosen = {"run": request.run, "version": evaluation.next_version}
    send_event(name, request.model, request.run, str(result["reason"]), **chosen, **facts)
    return result


def _serve(store: Store, evaluation: Evaluation, version: str) -> None:
    """Put a version into service: the winner, or where the champion stays, the refit of its recipe."""
    set_champion(
        store,
        evaluation.model,
        version,
        expected=evaluation.champion_version,
        reasons=log_reasons(evaluation) | judged_figure(evaluation),
        on_trial=evaluation.trial is not None,
        refresh=evaluation.outcome == "refreshed",
    )


def _send_failures(evaluation: Evaluation) -> None:
    """Tell of the fits and candidates that failed; the run went on without them."""
    refit = evaluation.refit
    if refit and refit.has_failed:
        count_metric("RefitFailed", evaluation.model, run=evaluation.run)
        facts = {"run": evaluation.run, "version": refit.version, "code": refit.code}
        send_event("RefitFailed", evaluation.model, evaluation.run, refit.reason, **facts)
    failures = {item.figures.name: item.figures.error for item in evaluation.candidates if item.figures.error}
    if failures:
        count_metric("CandidatesFailed", evaluation.model, run=evaluation.run)
        summary = "; ".join(f"{name}: {error}" for name, error in failures.items())
        send_event("CandidatesFailed", evaluation.model, evaluation.run, summary, run=evaluation.run, failures=failures)


def _send_warnings(evaluation: Evaluation) -> None:
    """Tell of the method checks that put the figures of the run in doubt."""
    warnings = evaluation.checks.warnings if evaluation.checks else []
    if warnings:
        summary = " ".join(item.sentence for item in warnings)
        facts = {"run": evaluation.run, "findings": [item.to_json() for item in warnings]}
        send_event("MethodChecksWarned", evaluation.model, evaluation.run, summary, **facts)


def _dismiss(store: Store, evaluation: Evaluation) -> None:
    """End the trial of the run's version, if it is on trial; where it did harm, withdraw it and its snapshot."""
    model, version, trial = evaluation.model, next_version_of(evaluation), evaluation.trial
    digest = read_learned_digest(store, model, version) if trial and trial.code in HARMS else None
    remove_challenger(store, model, version, reasons=log_reasons(evaluation), withdrawn_digest=digest)


def next_version_of(evaluation: Evaluation) -> str:
    """Return the version that the run decided to put into service or on trial."""
    version = evaluation.next_version
    if version is None:
        raise InvalidRequest(f"move: run {evaluation.run} decided to keep the champion, so nothing is promoted")
    return version
