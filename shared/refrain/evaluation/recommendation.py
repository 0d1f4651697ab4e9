"""How recommenders are evaluated: each recommends to every user of the holdout, by the code that serves.

The answers are hits, 1 or 0 for each position of each user's list; so the bootstrap draws users, and a list counts by
its metric's discount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import BrokenVersion
from refrain.evaluation.evaluated_model import EvaluatedModel, Holdout
from refrain.evaluation.logged_lists import gather_logged_lists
from refrain.lake.packed_columns import select_rows
from refrain.lake.refit_outcome import RefitFigures
from refrain.lake.snapshot import read_candidate_answers, read_snapshot_rows
from refrain.lake.version import read_version_files, version_name
from refrain.model.loaded_model import TIMED_CALLS
from refrain.model.parity import ranked_parity
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation.histories import known_codes
from refrain.recommendation.holdout_questions import make_questions
from refrain.recommendation.popularity import rank_popular
from refrain.recommendation.recommendation_request import MAX_RECOMMENDED_ITEMS
from refrain.statistics.answer_distance import list_distance
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.evaluation.evaluated_model import Marks
    from refrain.lake.version import VersionFiles
    from refrain.recommendation.holdout_questions import Codes, Questions

TIMED_HISTORY = 50


class RecommenderEvaluation:
    """How recommenders are evaluated: each ranks items for all users of the holdout."""

    def __init__(self, store: Store, definition: RecommenderDefinition, run: str) -> None:
        training, holdout = (read_snapshot_rows(store, definition.model, run, part) for part in ("train", "holdout"))
        self._questions = make_questions(definition, training, holdout)
        self._popular = rank_popular(definition, training, self._questions, MAX_RECOMMENDED_ITEMS)
        self._logged = gather_logged_lists(store, definition, training, holdout)
        self._users = holdout[definition.roles.user]

    def evaluate(self, files: VersionFiles, expected: Mapping[str, Array] | None) -> EvaluatedModel:
        """Rank items for all users; `expected` are the lists of a candidate's estimator."""
        model = _load(files)
        items, scores = rank_questions(model, self._questions)
        ranked = self._questions.coded_lists(model.catalogue.items, items, scores)
        logged = self._logged and self._logged.worth(_code_lists(model, self._logged.asked))
        return EvaluatedModel(
            estimator=files.manifest.estimator,
            classes=(),
            positive=None,
            trivial=None,
            answers=self._questions.hits(ranked),
            golden=model.replay(files.golden),
            parity=None if expected is None else ranked_parity(_lists(**expected), _lists(items, scores)),
            latency_ms=model.latency_ms(_instances(model)),
            bytes=len(files.model),
            describe=lambda _: {
                "beyond_accuracy": beyond_accuracy(self._questions, ranked),
                "logged": logged,
                "chosen": files.manifest.chosen,
            },
            measure_importance=lambda _holdout: [],
        )

    def holdout(self, models: Sequence[EvaluatedModel]) -> Holdout:
        """Return how many new items each user chose, and what the most popular items would have hit."""
        del models
        hits = self._questions.hits(self._popular)
        return Holdout(self._questions.chosen_counts, trivial=hits if len(hits) else None)

    def left_out(self, learned: Marks, copies: Marks) -> tuple[Marks, Marks]:
        """Mark users who chose anything that was learned; what they themselves had chosen before is in no question."""
        users = np.isin(self._questions.users, self._users[learned & ~copies].astype(str))
        return users, np.zeros_like(users)

    def keep_judged_rows(self, version: str, evaluated: EvaluatedModel, holdout: Holdout) -> None:
        """Keep nothing: users are no rows."""


def measure_recommender_refit(
    store: Store, definition: RecommenderDefinition, run: str, files: VersionFiles
) -> RefitFigures:
    """Hold a refitted recommender against its own estimator, by the lists of all users, and against its judged twin."""
    model, candidate = definition.model, files.manifest.candidate
    training, holdout = (read_snapshot_rows(store, model, run, part) for part in ("train", "holdout"))
    answers = read_candidate_answers(store, model, run, f"{candidate}.refit")
    newer, before = answers.pop("newer"), answers.pop("back")
    asked = make_questions(definition, training, holdout)
    back = make_questions(definition, select_rows(training, ~newer), select_rows(training, newer))
    twin = _load(read_version_files(store, model, version_name(run, candidate)))
    judged, usual = (_code_lists(twin, questions) for questions in (asked, back))
    del twin
    refitted = _load(files)
    items, scores = rank_questions(refitted, asked)
    ranked = asked.coded_lists(refitted.catalogue.items, items, scores)
    metric = METRICS[definition.training.metric]
    loss, judged_loss = (1 - metric.value(asked.chosen_counts, asked.hits(lists)) for lists in (ranked, judged))
    return RefitFigures(
        parity=ranked_parity(_lists(**answers), _lists(items, scores)),
        golden=refitted.replay(files.golden),
        latency_ms=refitted.latency_ms(_instances(refitted)),
        distance=list_distance(ranked, judged),
        usual_distance=list_distance(before, usual),
        loss=loss,
        judged_loss=judged_loss,
    )


def _load(files: VersionFiles) -> RecommenderModel:
    if files.catalogue is None:
        raise BrokenVersion(files.manifest.version, "it recommends nothing")
    return RecommenderModel.load(files.manifest, files.model, files.catalogue)


def rank_questions(model: RecommenderModel, asked: Questions) -> tuple[Codes, NDArray[np.float32]]:
    """Rank new items for all users: codes of the model's catalogue, and scores."""
    codes = model.catalogue.coded(asked.items)
    histories = [known_codes(codes[seen]) for seen in asked.seen]
    everything = [np.empty(0, np.int64)] * len(histories)
    return model.rank(histories, histories, everything, MAX_RECOMMENDED_ITEMS)


def _code_lists(model: RecommenderModel, asked: Questions) -> Codes:
    return asked.coded_lists(model.catalogue.items, *rank_questions(model, asked))


def beyond_accuracy(questions: Questions, ranked: Codes) -> dict[str, float]:
    """Measure the variety of the lists.

    `coverage` is the share of all items that stand in some list of ten, `novelty` the mean self-information of
    recommended items in bits (Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 2010), `cold_users`
    the share of users without a history.
    """
    lists = ranked[:, :10]
    recommended = lists[lists >= 0]
    share = np.maximum(questions.interactions, 1) / max(int(questions.interactions.sum()), 1)
    return {
        "coverage": len(np.unique(recommended)) / max(len(questions.items), 1),
        "novelty": float(-np.log2(share[recommended]).mean()) if len(recommended) else 0.0,
        "cold_users": questions.cold_share,
    }


def _instances(model: RecommenderModel) -> list[dict[str, object]]:
    """Draw histories of `TIMED_HISTORY` items, to time the answers to them."""
    draw = np.random.default_rng(0)
    items = model.catalogue.items
    length = min(TIMED_HISTORY, len(items))
    draws = (draw.choice(len(items), length, replace=False).tolist() for _ in range(TIMED_CALLS))
    return [{"history": [items[code] for code in codes]} for codes in draws]


def _lists(items: Any, scores: Any) -> list[tuple[list[int], list[float]]]:
    lengths = np.isfinite(scores).sum(axis=1).tolist()
    rows = zip(items.tolist(), scores.tolist(), lengths, strict=True)
    return [(codes[:length], numbers[:length]) for codes, numbers, length in rows]
