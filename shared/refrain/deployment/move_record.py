"""What a run records of its move: who made it, why, and on which figures, for the log, the events and the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refrain.lake.deployment import Deployment
    from refrain.lake.evaluation import Evaluation


def log_reasons(evaluation: Evaluation) -> dict[str, object]:
    """Return who moves the deployment, why, and on which figures, for its log."""
    answer = evaluation.approval
    verb = "approved" if answer and answer.approved else "dismissed"
    return {
        "by": f"retraining run {evaluation.run}{f', {verb} by {answer.by}' if answer else ''}",
        "because": evaluation.reason,
        "decision": evaluation.decision.reason,
        "figures": all_figures(evaluation),
        "trial": evaluation.trial,
    }


def judged_figure(evaluation: Evaluation) -> dict[str, object]:
    """Return the figure of the judged version: what it is promoted for, or what its recipe reaches."""
    judged = evaluation.judged_version
    candidate = evaluation.summary_of(judged) if judged else None
    return {"metric": evaluation.metric, "value": candidate.figures.value if candidate else None}


def all_figures(evaluation: Evaluation) -> dict[str, object]:
    """Return the metric of the champion and of every candidate on the same rows, for the run's output and the log."""
    return {
        "metric": evaluation.metric,
        "rows": evaluation.compared.rows,
        "champion": evaluation.champion.figures.value if evaluation.champion else None,
        **{candidate.figures.name: candidate.figures.value for candidate in evaluation.candidates},
    }


def explain_choice(evaluation: Evaluation) -> str:
    """Return why the run chose what it puts into service or on trial, or why it chose nothing."""
    if evaluation.trial:
        return evaluation.trial.reason
    refit = f" {evaluation.refit.reason}" if evaluation.refit else ""
    return f"{evaluation.decision.reason}{refit}"


def explain_end(evaluation: Evaluation, deployment: Deployment) -> str:
    """Return the reason for the result of a run, in a sentence."""
    champion, version, answer = deployment.champion_version, evaluation.next_version, evaluation.approval
    if evaluation.outcome != "superseded":
        refused = f"{version} was not approved: {answer.because}." if answer and not answer.approved else ""
        return refused or explain_choice(evaluation)
    if deployment.withdrew(version):
        return f"{version} was withdrawn meanwhile, and stays out. Nothing was changed."
    if champion == evaluation.champion_version and deployment.challenger:
        return f"Another run was faster: {deployment.challenger.version} is on trial. Nothing was changed."
    return f"Another run was faster: {champion} went into service meanwhile, and stays. Nothing was changed."
