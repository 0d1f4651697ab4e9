"""From the rows of a snapshot to the files of a recommender's version.

The files are those of any version, and `catalogue.json`: the items in the order of their codes, with their texts.
"""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from refrain import recommenders
from refrain.aws.storage import to_json
from refrain.errors import CandidateRefused
from refrain.recommendation.catalogue import Catalogue
from refrain.recommendation.histories import recent_items
from refrain.recommendation.holdout_questions import interaction_times, make_questions
from refrain.recommendation.limits import MAX_HISTORY_ITEMS, MAX_RECOMMENDED_ITEMS
from refrain.recommendation.novelty import mark_known_items
from refrain.recommendation.recommendation_request import read_recommendation_requests
from refrain.recommenders import InteractionMatrix, Recommender
from refrain.training.baseline import profile_category, profile_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Columns, Definition, RecommenderDefinition
    from preprocessing.definition import Roles

SECONDS = 1e-6
"""Of a microsecond, in which times are counted."""

GOLDEN_USERS = 12
NEVER_SEEN = "never seen in training"

FIT_ERRORS = (ValueError, TypeError, ArithmeticError, IndexError, RuntimeError, MemoryError)


def make_recommender_version(
    definition: RecommenderDefinition, candidate: Candidate, training: Columns, holdout: Columns, described: Columns
) -> tuple[dict[str, bytes], dict[str, object]]:
    """Fit a recommender on training rows and make its files, and its part of the manifest; nothing is written.

    `described` has each item once, with the columns that describe it. Among the files are the estimator's own lists
    for every question of the holdout (npz: `items` codes of the catalogue, `scores`, [users, `MOST_ITEMS`]).
    """
    roles = definition.roles
    assert roles is not None, "the definition is checked to have roles"
    catalogue = Catalogue.of(training[roles.item], _texts(roles, described))
    estimator = make_recommender(candidate)
    started = time.monotonic()
    try:
        estimator.fit(sum_interactions(definition, training, catalogue))
        fit_seconds = time.monotonic() - started
        graph = estimator.export()
    except FIT_ERRORS as error:
        raise CandidateRefused(f"{candidate.name}: {candidate.estimator} cannot be fitted: {error}") from error
    asked = make_questions(definition, training, holdout)
    places = catalogue.coded(asked.items)
    seen = [_known(places[each]) for each in asked.seen]
    items, scores = estimator.recommend(seen, min(MAX_RECOMMENDED_ITEMS, len(catalogue)))
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, items=items.astype(np.int32), scores=scores)
    files = {
        "answers.npz": packed.getvalue(),
        "model.onnx": graph,
        "catalogue.json": to_json(catalogue.document()),
        "baseline.json": to_json(describe_interactions(definition, roles, training, holdout, scores)),
        "golden.json": to_json(golden(definition, estimator, catalogue, [each for each in seen if len(each)])),
    }
    facts: dict[str, object] = {
        "features_recipe": "none",
        "vocabularies": {},
        "features": [],
        "classes": None,
        "items": len(catalogue),
        "users": len(set(training[roles.user].tolist())),
        "model_sha256": hashlib.sha256(graph).hexdigest(),
        "model_bytes": len(graph),
        "fit_seconds": round(fit_seconds, 3),
    }
    return files, facts


def make_recommender(candidate: Candidate) -> Recommender:
    """Make the estimator, not yet fitted. Raises `CandidateRefused` naming what it cannot be made of."""
    name = candidate.estimator.rpartition(".")[2]
    known: dict[str, Any] = {each: getattr(recommenders, each) for each in recommenders.__all__}
    known = {each: made for each, made in known.items() if issubclass(made, Recommender) and made is not Recommender}
    if name not in known:
        raise CandidateRefused(f"{candidate.name}: there is no recommender {name}; there are {', '.join(known)}")
    made: type[Recommender] = known[name]
    parameters = made._get_param_names()
    unknown = sorted(set(candidate.parameters) - set(parameters))
    if unknown:
        has = ", ".join(parameters)
        raise CandidateRefused(f"{candidate.name}: {name} has no parameter {', '.join(unknown)}; it has {has}")
    return made(**candidate.parameters)


def sum_interactions(definition: Definition, rows: Columns, catalogue: Catalogue) -> InteractionMatrix:
    """Gather rows to pairs of user and item: the sum of their weights, and the newest time."""
    roles = definition.roles
    assert roles is not None, "the definition is checked to have roles"
    weights = rows[roles.weight] if roles.weight else np.ones(len(rows[roles.user]))
    counted = weights > 0
    users, numbers = np.unique(rows[roles.user][counted].astype(str), return_inverse=True)
    codes = catalogue.coded(rows[roles.item][counted].tolist())
    pairs, places = np.unique(numbers * len(catalogue) + codes, return_inverse=True)
    matrix = csr_array(
        (np.bincount(places, weights[counted]).astype(np.float32), np.divmod(pairs, max(len(catalogue), 1))),
        shape=(len(users), len(catalogue)),
    )
    if not definition.time:
        return InteractionMatrix(matrix, np.full(matrix.nnz, np.nan), np.nan)
    times = np.full(matrix.nnz, -np.inf)
    np.maximum.at(times, places, interaction_times(definition, rows)[counted] * SECONDS)
    return InteractionMatrix(matrix, times, float(times.max(initial=-np.inf)))


def golden(
    definition: RecommenderDefinition, estimator: Recommender, catalogue: Catalogue, seen: Sequence[NDArray[np.int64]]
) -> dict[str, object]:
    """Make asks as callers send them, unusual ones included, with the estimator's own answers."""
    rows = list(_golden_rows(catalogue, seen[:GOLDEN_USERS]))
    asked, problems = read_recommendation_requests(definition, rows)
    refused = {problem.row for problem in problems}
    if refused:
        rows = [row for place, row in enumerate(rows) if place not in refused]
        asked, _ = read_recommendation_requests(definition, rows)
    answers = []
    for ask in asked:
        history = recent_items(_known(catalogue.coded(ask.history or ())))
        items, scores = estimator.recommend([history], len(catalogue))
        allowed = set(ask.within) - set(ask.exclude) if ask.within else set(catalogue.items) - set(ask.exclude)
        ranked = [
            (catalogue.items[code], score)
            for code, score in zip(items[0].tolist(), scores[0].tolist(), strict=True)
            if code >= 0 and np.isfinite(score) and catalogue.items[code] in allowed
        ][: ask.k]
        answers.append({"items": [item for item, _ in ranked], "scores": [score for _, score in ranked]})
    return {"rows": rows, "answers": answers}


def _golden_rows(catalogue: Catalogue, seen: Sequence[NDArray[np.int64]]) -> Iterator[dict[str, object]]:
    histories = [[catalogue.items[code] for code in codes[-MAX_HISTORY_ITEMS:]] for codes in seen]
    for place, history in enumerate(histories):
        yield {"history": history, "k": (10, 1, MAX_RECOMMENDED_ITEMS)[place % 3]}
    yield {"history": [], "k": 10}
    yield {"history": [NEVER_SEEN], "k": 10}
    some = list(catalogue.items[: 2 * MAX_RECOMMENDED_ITEMS : 3])
    for history in histories[:3]:
        yield {"history": [*history, NEVER_SEEN, history[0]], "k": 5}
        yield {"history": history, "exclude": some[:10]}
        yield {"history": history, "within": [*some, NEVER_SEEN]}
        yield {"history": history, "within": [NEVER_SEEN]}
        yield {"history": [f" {item} " for item in history]}


def _texts(roles: Roles, described: Columns) -> dict[str, dict[str, str]]:
    items = described[roles.item].tolist() if roles.describe else []
    return {
        name: {item: text for item, text in zip(items, described[name].tolist(), strict=True) if text is not None}
        for name in roles.describe
    }


def describe_interactions(
    definition: Definition, roles: Roles, training: Columns, holdout: Columns, scores: NDArray[np.float32]
) -> Mapping[str, object]:
    """Describe the interactions, how often the held out ones were of new items, and the best score of each list."""
    order = np.argsort(interaction_times(definition, training), kind="stable") if definition.time else None
    features = {name: profile_category(training[name], order) for name in (roles.item, *roles.describe)}
    turnover = mark_known_items(holdout[roles.item], set(training[roles.item].tolist()))
    best: Array = scores[:, 0].astype(np.float64)
    return {
        "rows": len(training[roles.item]),
        "features": features,
        "turnover": {"rows": len(turnover), **profile_category(turnover)},
        "predictions": {"rows": len(scores), **profile_number(best[np.isfinite(best)])},
    }


def _known(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return codes[codes >= 0]
