"""The end of a retraining run: promote, keep, or find out that another run was faster; and the report of all three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from refrain import deployments, paths
from refrain.errors import InvalidRequest
from refrain.report.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.evaluation.document import Evaluation, Outcome
    from refrain.storage import Store

Wish = Literal["promote", "keep", "superseded"]
OUTCOMES: dict[Wish, Outcome] = {"promote": "promoted", "keep": "kept", "superseded": "superseded"}


@dataclass(frozen=True)
class Request:
    """The state's input, checked."""

    wish: Wish
    model: str
    run: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Request:
        """Check the input. Raises `InvalidRequest` naming the field."""
        wish = event.get("outcome")
        if wish not in OUTCOMES:
            raise InvalidRequest(f"outcome: expected one of {', '.join(OUTCOMES)}, got {wish!r}")
        for name in ("model", "run"):
            if not isinstance(event.get(name), str) or not event[name]:
                raise InvalidRequest(f"{name}: expected text, got {event.get(name)!r}")
        return cls(wish, event["model"], event["run"])


def conclude(store: Store, request: Request) -> dict[str, object]:
    """Carry out what was decided and write the report; return what the run came to.

    Doing it again changes nothing.

    Raises:
        ChampionChanged: when another champion is in service than the one that this run compared with.
    """
    evaluation: Evaluation = store.read_json(paths.snapshot(request.model, request.run, "evaluation.json"))
    evaluation["outcome"] = OUTCOMES[request.wish]
    if request.wish == "promote":
        _promote(store, evaluation)
    report = paths.snapshot(request.model, request.run, "report.html")
    page = render(evaluation).encode()
    store.write(report, page)
    if request.wish == "promote":
        report = paths.version(request.model, _promoted(evaluation), "report.html")
        store.write_new(report, page)
    deployment, _ = deployments.read(store, request.model)
    champion = deployment.champion_version if deployment else None
    return {
        "model": request.model,
        "run": request.run,
        "outcome": evaluation["outcome"],
        "decision": evaluation["decision"]["code"],
        "reason": evaluation["decision"]["reason"] if request.wish != "superseded" else _superseded(champion),
        "champion": champion,
        "figures": _figures(evaluation),
        "report": f"s3://{store.bucket}/{report}",
    }


def _promote(store: Store, evaluation: Evaluation) -> None:
    version = _promoted(evaluation)
    chosen = next(each["figures"] for each in evaluation["candidates"] if each["figures"]["version"] == version)
    champion = evaluation["champion"]
    served = deployments.Served(version, evaluation["finished_at"], evaluation["metric"], chosen["value"])
    figures = {
        "by": f"retraining run {evaluation['run']}",
        "because": evaluation["reason"],
        "decision": evaluation["decision"]["reason"],
        "figures": _figures(evaluation),
    }
    expected = champion["figures"]["version"] if champion else None
    deployments.promote(store, evaluation["model"], served, expected=expected, figures=figures)


def _superseded(champion: str | None) -> str:
    return f"Another run was faster: {champion} went into service meanwhile, and stays. Nothing was changed."


def _promoted(evaluation: Evaluation) -> str:
    version = evaluation["decision"]["version"]
    if version is None:
        raise InvalidRequest(f"outcome: run {evaluation['run']} decided to keep the champion, so nothing is promoted")
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
