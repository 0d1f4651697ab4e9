"""A recommender asked for every question of the holdout by the very code that serves: its lists, proofs and speed.

The answers are hits, 1 or 0 for each place of each user's list; so the bootstrap draws users, and a list counts by its
metric's discount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import BrokenVersion
from refrain.evaluation.evaluated_model import EvaluatedModel
from refrain.lake.version import read_version_files
from refrain.model.loaded_model import TIMED_CALLS
from refrain.model.parity import ranked_parity
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation.limits import MAX_RECOMMENDED_ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.aws.storage import Store
    from refrain.recommendation.holdout_questions import Codes, Questions

USERS_AT_ONCE = 256
TIMED_HISTORY = 50


def evaluate_recommender(
    store: Store, model: str, version: str, questions: Questions, *, expected: Mapping[str, Array] | None
) -> EvaluatedModel:
    """Load a recommender and ask it for all questions and its golden ones.

    `expected` are the lists of the estimator that it was exported from, for a candidate; a champion was proved before.

    Raises:
        BrokenVersion: when files are absent or damaged.
    """
    files = read_version_files(store, model, version)
    if files.catalogue is None:
        raise BrokenVersion(version, "it recommends nothing")
    servable = RecommenderModel.load(files.manifest, files.model, files.catalogue)
    seen = [_known(servable.catalogue.coded(questions.items)[each]) for each in questions.seen]
    items, scores = rank(servable, seen)
    return EvaluatedModel(
        version=version,
        servable=servable,
        matrix=np.empty((0, 0), np.float32),
        answers=questions.hits(_in_questions(servable, questions, items, scores)),
        golden=servable.replay(files.golden),
        parity=None if expected is None else ranked_parity(_lists(**expected), _lists(items, scores)),
        latency_ms=servable.latency_ms(_instances(servable)),
        bytes=len(files.model),
        ranked=_in_questions(servable, questions, items, scores),
    )


def rank(servable: RecommenderModel, seen: Sequence[Codes]) -> tuple[Codes, NDArray[np.float32]]:
    """Ask in blocks, so that memory stays bounded."""
    most = min(MAX_RECOMMENDED_ITEMS, len(servable.catalogue))
    nothing = np.empty(0, np.int64)
    blocks = []
    for start in range(0, len(seen), USERS_AT_ONCE):
        some = seen[start : start + USERS_AT_ONCE]
        blocks.append(servable.rank(some, some, [nothing] * len(some), most))
    return np.concatenate([items for items, _ in blocks]), np.concatenate([scores for _, scores in blocks])


def _instances(servable: RecommenderModel) -> list[dict[str, object]]:
    """Draw histories of `TIMED_HISTORY` items, to time answers to them."""
    draw = np.random.default_rng(0)
    items = servable.catalogue.items
    length = min(TIMED_HISTORY, len(items))
    draws = (draw.choice(len(items), length, replace=False).tolist() for _ in range(TIMED_CALLS))
    return [{"history": [items[code] for code in codes]} for codes in draws]


def beside(questions: Questions, ranked: Codes) -> dict[str, float]:
    """Say what accuracy does not: how much of the catalogue is recommended, how little known it is, whom nobody knew.

    `coverage` is the share of all items that stand in some list of ten, `novelty` the mean self-information of
    recommended items in bits (Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 2010), `cold_users`
    the share of users without a history.
    """
    shown = ranked[:, :10]
    recommended = shown[shown >= 0]
    share = np.maximum(questions.interactions, 1) / max(int(questions.interactions.sum()), 1)
    return {
        "coverage": len(np.unique(recommended)) / max(len(questions.items), 1),
        "novelty": float(-np.log2(share[recommended]).mean()) if len(recommended) else 0.0,
        "cold_users": questions.cold_share,
    }


def _in_questions(servable: RecommenderModel, questions: Questions, items: Codes, scores: NDArray[np.float32]) -> Codes:
    """Turn a version's codes into those of the questions; -1 where nothing is left, or nothing is known of it."""
    known: dict[str, int] = {item: place for place, item in enumerate(questions.items)}
    places = np.array([known.get(item, -1) for item in servable.catalogue.items], np.int64)
    return np.where(np.isfinite(scores), places[items], -1).astype(np.int64)


def _lists(items: Any, scores: Any) -> list[tuple[list[int], list[float]]]:
    left = np.isfinite(scores).sum(axis=1).tolist()
    rows = zip(items.tolist(), scores.tolist(), left, strict=True)
    return [(codes[:many], numbers[:many]) for codes, numbers, many in rows]


def _known(codes: Codes) -> Codes:
    return codes[codes >= 0]
