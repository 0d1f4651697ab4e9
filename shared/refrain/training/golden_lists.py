"""Golden rows of a recommender: requests as callers send them, with the estimator's own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.version import Golden
from refrain.recommendation.histories import MAX_HISTORY_ITEMS, known_codes, recent_items
from refrain.recommendation.recommendation_request import MAX_RECOMMENDED_ITEMS, read_recommendation_requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from preprocessing import RecommenderDefinition
    from refrain.recommendation.catalogue import Catalogue
    from refrain.recommenders import Recommender

GOLDEN_USERS = 12
NEVER_SEEN = "never seen in training"


def make_golden_lists(
    definition: RecommenderDefinition,
    estimator: Recommender,
    catalogue: Catalogue,
    histories: Sequence[NDArray[np.int64]],
) -> Golden:
    """Make requests as callers send them, unusual ones included, with the estimator's own answers."""
    rows = list(_golden_rows(catalogue, histories[:GOLDEN_USERS]))
    refused = {problem.row for problem in read_recommendation_requests(definition, rows)[1]}
    rows = [row for number, row in enumerate(rows) if number not in refused]
    answers = []
    for request in read_recommendation_requests(definition, rows)[0]:
        history = recent_items(known_codes(catalogue.coded(request.history or ())))
        items, scores = estimator.recommend([history], len(catalogue))
        allowed = set(request.within or catalogue.items) - set(request.exclude)
        ranked = [
            (catalogue.items[code], score)
            for code, score in zip(items[0].tolist(), scores[0].tolist(), strict=True)
            if code >= 0 and np.isfinite(score) and catalogue.items[code] in allowed
        ][: request.k]
        answers.append({"items": [item for item, _ in ranked], "scores": [score for _, score in ranked]})
    return Golden(rows, answers)


def _golden_rows(catalogue: Catalogue, histories: Sequence[NDArray[np.int64]]) -> Iterator[dict[str, object]]:
    item_histories = [[catalogue.items[code] for code in codes[-MAX_HISTORY_ITEMS:]] for codes in histories]
    for number, history in enumerate(item_histories):
        yield {"history": history, "k": (10, 1, MAX_RECOMMENDED_ITEMS)[number % 3]}
    yield {"history": [], "k": 10}
    yield {"history": [NEVER_SEEN], "k": 10}
    popular = list(catalogue.items[: 2 * MAX_RECOMMENDED_ITEMS : 3])
    for history in item_histories[:3]:
        yield {"history": [*history, NEVER_SEEN, history[0]], "k": 5}
        yield {"history": history, "exclude": popular[:10]}
        yield {"history": history, "within": [*popular, NEVER_SEEN]}
        yield {"history": history, "within": [NEVER_SEEN]}
        yield {"history": [f" {item} " for item in history]}
