"""Ask people before a version goes into service, and take what they answer to the run that waits for it.

The run waits with a task token. Whoever answers starts the state machine with an `action`, in the console or by the
command; so the answer is an execution with a name, a time and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from refrain.aws.event_bus import send_event
from refrain.deployment.move_record import explain_choice
from refrain.deployment.moves import next_version_of
from refrain.deployment.persons_request import PersonsRequest
from refrain.deployment.promotion import promote_version
from refrain.errors import InvalidRequest
from refrain.events import MODEL, REASON, RUN, TEXT, VERSION, Field, one_of, read_fields
from refrain.lake.approval import Approval, ApprovalAnswer, read_newest_approvals
from refrain.lake.evaluation import Evaluation, write_report
from refrain.lake.snapshot import Snapshot
from refrain.lake.trial_outcome import TrialOutcome
from refrain.pages.run_page import render_run
from refrain.times import for_people, from_iso, to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refrain.aws.storage import Store
    from refrain.times import Clock

    type Notify = Callable[[str, str], None]
    """Sends a subject and a text to people."""

QUESTION_FIELDS = {
    "model": TEXT,
    "run": TEXT,
    "judgement": Field("the outcome of a trial", TrialOutcome.from_json).optional(),
}
ACTION_FIELDS = {
    "model": MODEL,
    "action": one_of("promote", "dismiss"),
    "run": RUN.optional(),
    "version": VERSION.optional(),
    "reason": REASON.optional("manual"),
}


@dataclass(frozen=True)
class ActionRequest(PersonsRequest):
    """A person's answer: `run` is the waiting run, None for the only one; a `version` of None is that of the run."""

    FIELDS = ACTION_FIELDS

    run: str | None


def ask_approval(store: Store, notify: Notify, event: Mapping[str, Any], clock: Clock = utc_now) -> dict[str, object]:
    """Write the report so far and the question, tell people, and return what they are told.

    Asking again makes the token of before useless.
    """
    token = read_fields(event, {"token": TEXT})["token"]
    model, run, trial = read_fields(event.get("state"), QUESTION_FIELDS).values()
    evaluation = replace(Evaluation.read(store, model, run), outcome="waiting", trial=trial)
    version = next_version_of(evaluation)
    rollout = Snapshot.read(store, model, run).parse_definition().rollout
    asked, until = (to_iso(clock() + timedelta(hours=hours), "milliseconds") for hours in (0, rollout.approval_hours))
    evaluation.write(store, model, run)
    report = f"s3://{store.bucket}/{write_report(store, model, run, render_run(evaluation).encode(), None)}"
    Approval(model, run, version, token, asked, until, report, trial).write(store, model, run)
    summary = f"{version} waits for approval until {for_people(until)}: {explain_choice(evaluation)}"
    facts = {"run": run, "version": version, "until": until, "report": report}
    send_event("ApprovalWanted", model, run, summary, **facts)
    notify(f"{model}: {version} waits for your approval", _letter(model, summary, report))
    return facts


def act(store: Store, request: ActionRequest, clock: Clock = utc_now) -> dict[str, object]:
    """Answer the run that waits, or promote the named version by hand; doing it again changes nothing.

    Return the `result` of the execution; where a run waits, also its `token`, and the `answer` to send it. Raises
    `InvalidRequest`, also when somebody else was faster, and what `promote_version` raises.
    """
    questions = read_newest_approvals(store, request.model)
    waiting = [
        (approval, etag)
        for approval, etag in questions
        if _is_meant(approval, request) and _can_be_answered(approval, request, clock)
    ]
    if not waiting and request.action == "promote" and request.version:
        result = promote_version(store, request.model, request.version, request.by, request.reason, request.at)
        return {"waits": False, "result": result}
    if len(waiting) != 1:
        raise InvalidRequest(_explain(request, [approval for approval, _ in waiting]))
    approval, etag = waiting[0]
    answer = approval.answer or _write_answer(store, approval, etag, request)
    verb = "approved" if answer.approved else "dismissed"
    reason = f"{approval.version} was {verb} ({answer.because}); run {approval.run} goes on."
    result = {"model": request.model, "run": approval.run, "version": approval.version, "outcome": verb}
    return {"waits": True, "token": approval.token, "answer": answer.to_json(), "result": result | {"reason": reason}}


def _is_meant(approval: Approval, request: ActionRequest) -> bool:
    return request.run in (None, approval.run) and request.version in (None, approval.version)


def _can_be_answered(approval: Approval, request: ActionRequest, clock: Clock) -> bool:
    """Tell whether a run still waits, also for the same answer sent again."""
    if from_iso(approval.until) <= clock():
        return False
    return approval.answer is None or approval.answer.by == request.by


def _write_answer(store: Store, approval: Approval, etag: str, request: ActionRequest) -> ApprovalAnswer:
    answer = ApprovalAnswer(request.action == "promote", request.by, request.reason, request.at)
    if not replace(approval, answer=answer).write_answer(store, etag):
        raise InvalidRequest(f"somebody else has just answered run {approval.run}; nothing was changed")
    return answer


def _explain(request: ActionRequest, waiting: list[Approval]) -> str:
    if waiting:
        runs = " and ".join(approval.run for approval in waiting)
        return f"run: {runs} wait for approval; name one of them by `run`"
    which = f"run {request.run}" if request.run else "no run"
    advice = "; name a version to promote it by hand" if request.action == "promote" else ""
    return f"{which} of {request.model} waits for approval{' no more' if request.run else ''}{advice}"


def _letter(model: str, summary: str, report: str) -> str:
    inputs = [f'{{"model": "{model}", "action": "{action}"}}' for action in ("promote", "dismiss")]
    return (
        f"{summary}\n\nReport: {report}\n\nAnswer with `refrain promote {model}` or `refrain dismiss {model}`, or start"
        f" the retraining state machine with {inputs[0]} or {inputs[1]}. Without an answer, nothing goes into service."
    )
