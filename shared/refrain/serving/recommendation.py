"""Recommendations by the V1 protocol: asks in, lists of items out."""

from __future__ import annotations

import logging
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from refrain.aws.emf import count_metric
from refrain.errors import ServiceUnavailable
from refrain.lake.capture.recommendations import recommendation_lines
from refrain.lake.prediction_id import prediction_ids
from refrain.recommendation.history_table import HistoryTable
from refrain.recommendation.recommendation_request import FIELDS, read_recommendation_requests
from refrain.serving.http.refusals import InvalidInstances, shorten_text
from refrain.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.model.recommendation import Recommendation, RecommenderModel
    from refrain.recommendation.recommendation_request import RecommendationRequest
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

MOST_IGNORED = 50

logger = logging.getLogger("refrain")


def answer_recommendations(
    registry: Registry, request: HttpRequest, servable: RecommenderModel, instances: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Answer `POST /v1/models/{model}:predict` of a recommender."""
    model = servable.definition.model
    asked, problems = read_recommendation_requests(servable.definition, instances)
    if problems:
        raise InvalidInstances(problems)
    asked, unavailable = _with_history(model, asked)
    started = time.perf_counter()
    recommendations = servable.recommend(asked)
    milliseconds = (time.perf_counter() - started) * 1000
    ids = prediction_ids(len(asked))
    share = registry.definition(model).capture
    if share > 0:
        request.afterwards.append(partial(_capture, servable, ids, asked, recommendations, milliseconds, share))
    answer = {
        "predictions": [
            _written(servable, answer, ask, unavailable) for answer, ask in zip(recommendations, asked, strict=True)
        ],
        "model": model,
        "model_version": servable.version,
        "prediction_ids": ids,
    }
    unknown = set().union(*instances).difference(FIELDS)
    return answer | ({"ignored": sorted(map(shorten_text, unknown))[:MOST_IGNORED]} if unknown else {})


def _with_history(model: str, asked: Sequence[RecommendationRequest]) -> tuple[list[RecommendationRequest], bool]:
    """Look up the histories of users who sent none; True where they cannot be, which is no reason to refuse."""
    users = list(dict.fromkeys(ask.user for ask in asked if ask.history is None and ask.user is not None))
    table = settings().history_table
    seen: Mapping[str, Sequence[str]] = {}
    unavailable = False
    if users and table:
        try:
            seen = HistoryTable(table, hurried=True).read(model, users)
        except ServiceUnavailable as error:
            unavailable = True
            logger.exception("history not known", extra={"model": model, "reason": str(error)})
            count_metric("HistoryUnavailable", model)
    return [ask if ask.history is not None else ask.with_history(seen.get(ask.user or "", ())) for ask in asked], (
        unavailable
    )


def _written(
    servable: RecommenderModel, answer: Recommendation, ask: RecommendationRequest, unavailable: bool
) -> dict[str, Any]:
    """Write one list. `popular` says that nothing was known of the user, `history` that it should have been."""
    items = [
        servable.catalogue.about(code) | {"score": float(f"{score:.7g}")}
        for code, score in zip(answer.items, answer.scores, strict=True)
    ]
    written: dict[str, Any] = {"items": items}
    if answer.popular:
        written["popular"] = True
        if unavailable and ask.user is not None:
            written["history"] = "unavailable"
    return written


def _capture(
    servable: RecommenderModel,
    ids: Sequence[str],
    asked: Sequence[RecommendationRequest],
    recommendations: Sequence[Recommendation],
    milliseconds: float,
    share: float,
) -> None:
    written = recommendation_lines(servable, ids, asked, recommendations, milliseconds, share)
    if written:
        # One write for all: Lambda flushes after each, and lines of other processes must not come in between.
        sys.stdout.write("\n".join(written) + "\n")
        sys.stdout.flush()
