"""Answers `POST /v1/models/{model}:predict` of a recommender: requests in, lists of items out."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from refrain.aws.emf import count_metric
from refrain.errors import ServiceUnavailable
from refrain.lake.capture.recommendations import RecommendationRecord, recommendation_lines
from refrain.lake.capture.record import prediction_ids
from refrain.recommendation.history_table import HistoryTable
from refrain.recommendation.recommendation_request import REQUEST_FIELDS, read_recommendation_requests
from refrain.serving.capturing import write_lines
from refrain.serving.exploration import ask_for_more, explore_list, may_explore
from refrain.serving.http.refusals import InvalidInstances
from refrain.serving.http.requests import list_ignored
from refrain.settings import InferenceSettings, read_settings
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.model.recommendation import Recommendation, RecommenderModel
    from refrain.recommendation.recommendation_request import RecommendationRequest
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

logger = logging.getLogger("refrain")


def answer_recommendations(
    registry: Registry, request: HttpRequest, recommender: RecommenderModel, instances: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Answer the instances of one request."""
    model = recommender.definition.model
    requests, problems = read_recommendation_requests(recommender.definition, instances)
    if problems:
        raise InvalidInstances(problems)
    definition = registry.definition(model)
    explored = definition.recommending.explore if isinstance(definition, RecommenderDefinition) else 0.0
    explores = [explored > 0 and may_explore(ask) for ask in requests]
    requests, is_unavailable = _look_up_histories(model, requests)
    started = time.perf_counter()
    recommendations = recommender.recommend(ask_for_more(requests, explores))
    milliseconds = (time.perf_counter() - started) * 1000
    ids = prediction_ids(len(requests))
    recommendations = [
        explore_list(longer, ask.k, explored, identity) if explore else longer
        for longer, ask, explore, identity in zip(recommendations, requests, explores, ids, strict=True)
    ]
    share = definition.capture
    if share > 0:
        capture = partial(_capture, recommender, ids, requests, recommendations, milliseconds, share)
        request.afterwards.append(capture)
    lists = [_to_json(recommender, recommendation) for recommendation in recommendations]
    for answer, ask in zip(lists, requests, strict=True):
        if is_unavailable and "popular" in answer and ask.user is not None:
            answer["history"] = "unavailable"
    answer = {"predictions": lists, "model": model, "model_version": recommender.version, "prediction_ids": ids}
    ignored = list_ignored(set().union(*instances).difference(REQUEST_FIELDS))
    return answer | ({"ignored": ignored} if ignored else {})


def _look_up_histories(
    model: str, requests: Sequence[RecommendationRequest]
) -> tuple[list[RecommendationRequest], bool]:
    """Fill in the histories of users; True when the table is unavailable, which is no reason to refuse a request."""
    users = list(dict.fromkeys(ask.user for ask in requests if ask.history is None and ask.user is not None))
    histories: Mapping[str, Sequence[str]] = {}
    is_unavailable = False
    if users:
        try:
            histories = HistoryTable(read_settings(InferenceSettings).history_table, hurried=True).read(model, users)
        except ServiceUnavailable as error:
            is_unavailable = True
            logger.exception("history not known", extra={"model": model, "reason": str(error)})
            count_metric("HistoryUnavailable", model)
    complete = [
        replace(ask, history=tuple(histories.get(ask.user or "", ()))) if ask.history is None else ask
        for ask in requests
    ]
    return complete, is_unavailable


def _to_json(recommender: RecommenderModel, recommendation: Recommendation) -> dict[str, Any]:
    """Return one list; `popular` says that nothing was known of the user."""
    items = [
        recommender.catalogue.describe(code) | {"score": float(f"{score:.7g}")}
        for code, score in zip(recommendation.items, recommendation.scores, strict=True)
    ]
    return {"items": items} | ({"popular": True} if recommendation.popular else {})


def _capture(
    recommender: RecommenderModel,
    ids: Sequence[str],
    requests: Sequence[RecommendationRequest],
    recommendations: Sequence[Recommendation],
    milliseconds: float,
    share: float,
) -> None:
    now = to_datetime64(datetime.now(UTC))
    records = [
        RecommendationRecord(
            id=identity,
            time=now,
            version=recommender.version,
            user=ask.user,
            k=ask.k,
            seen=len(ask.history or ()),
            items=tuple(recommender.catalogue.items[code] for code in recommendation.items),
            scores=tuple(recommendation.scores),
            popular=recommendation.popular,
            propensities=tuple(recommendation.propensities),
        )
        for identity, ask, recommendation in zip(ids, requests, recommendations, strict=True)
    ]
    write_lines(recommendation_lines(recommender.definition.model, records, milliseconds, share))
