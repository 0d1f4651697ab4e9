"""Recommendations as lines of JSON for standard output, on the way that all captured lines go.

    {"capture": 1, "model", "version", "time", "milliseconds", "rows": [
        {"id", "instance": {"user", "k", "seen"}, "items": [...], "scores": [...], "popular": true?}, ...]}

`seen` counts the items of the user's history. The history itself is in the uploads.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refrain.lake.capture.lines import MOST_BYTES, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refrain.model.recommendation import Recommendation, RecommenderModel
    from refrain.recommendation.recommendation_request import RecommendationRequest

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

logger = logging.getLogger("refrain")


def recommendation_lines(
    servable: RecommenderModel,
    ids: Sequence[str],
    asked: Sequence[RecommendationRequest],
    recommendations: Sequence[Recommendation],
    milliseconds: float,
    share: float,
) -> list[str]:
    """Write the recommendations whose turn it is: ASCII, without line ends, at most `MOST_BYTES` each."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    head = _encode(
        {
            "capture": 1,
            "model": servable.definition.model,
            "version": servable.version,
            "time": f"{moment}Z",
            "milliseconds": round(milliseconds, 3),
        }
    )
    rows = [_encode(_row(servable, ids[at], asked[at], recommendations[at])) for at in sampled(ids, share)]
    return [f'{head[:-1]},"rows":[{",".join(some)}]}}' for some in _packed(rows, MOST_BYTES - len(head) - 16)]


def _row(
    servable: RecommenderModel, identity: str, ask: RecommendationRequest, offer: Recommendation
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": identity,
        "instance": {"user": ask.user, "k": ask.k, "seen": len(ask.history or ())},
        "items": [servable.catalogue.items[code] for code in offer.items],
        "scores": [float(f"{score:.5g}") for score in offer.scores],
    }
    return row | ({"popular": True} if offer.popular else {})


def _packed(rows: Sequence[str], room: int) -> Iterator[list[str]]:
    """Gather rows to as many bytes as a line has room for; one that is longer is left out, and the log says so."""
    some: list[str] = []
    taken = 0
    for row in rows:
        if len(row) > room:
            logger.warning("row too long to capture", extra={"prediction": row[:60]})
            continue
        if taken + len(row) + 1 > room:
            yield some
            some, taken = [], 0
        some.append(row)
        taken += len(row) + 1
    if some:
        yield some
