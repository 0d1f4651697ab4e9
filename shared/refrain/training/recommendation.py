"""The recommenders' half of training: from the interactions of a snapshot to a trained candidate with a catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.feature_profile import AnswerProfile, Turnover
from refrain.lake.packed_columns import join_rows, select_rows
from refrain.lake.snapshot import read_candidate_answers
from refrain.lake.version import Baseline, Manifest, version_name
from refrain.recommendation.catalogue import mark_known_items
from refrain.recommendation.holdout_questions import make_questions
from refrain.recommendation.newest_of_users import mark_newest
from refrain.recommendation.user_item_pairs import interaction_times
from refrain.training.baseline import profile_category, profile_number
from refrain.training.recommender_fit import fit_recommender

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Candidate, Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.training.fitted_candidate import FittedCandidate


def train_recommender(
    definition: RecommenderDefinition, candidate: Candidate, training: Columns, holdout: Columns, items: Columns
) -> FittedCandidate:
    """Fit a recommender on training rows, export and profile it; nothing is written.

    The answers are the estimator's own lists for every question of the holdout: `items` (codes of the catalogue) and
    `scores`, [users, `MAX_RECOMMENDED_ITEMS`].
    """
    fitted = fit_recommender(definition, candidate, training, items)
    asked = make_questions(definition, training, holdout)
    ranked, scores = fitted.rank(asked)
    baseline = describe_interactions(definition, training, training, holdout, scores)
    return fitted.describe(asked, baseline, {"items": ranked.astype(np.int32), "scores": scores})


def refit_recommender(
    store: Store,
    definition: RecommenderDefinition,
    candidate: Candidate,
    run: str,
    training: Columns,
    holdout: Columns,
    items: Columns,
) -> FittedCandidate:
    """Fit a recommender on all rows, with the parameters that its twin chose, and export it (see `all_rows`).

    The answers are its lists for the questions of the holdout, and one step back: which rows were `newer`, and the
    lists `back` to the questions that they ask, as codes of those questions.
    """
    chosen = Manifest.read(store, definition.model, version_name(run, candidate.name)).chosen
    candidate = replace(candidate, parameters={**candidate.parameters, **chosen})
    newer = mark_newest(definition, training)
    older, later = (select_rows(training, side) for side in (~newer, newer))
    back = make_questions(definition, older, later)
    before = fit_recommender(definition, candidate, older, items)
    lists = back.coded_lists(before.catalogue.items, *before.rank(back))
    fitted = fit_recommender(definition, candidate, join_rows(training, holdout), items, offer_new=True)
    asked = make_questions(definition, training, holdout)
    ranked, scores = fitted.rank(asked)
    judged = read_candidate_answers(store, definition.model, run, candidate.name)["scores"]
    baseline = describe_interactions(definition, join_rows(training, holdout), training, holdout, judged)
    answers = {"items": ranked.astype(np.int32), "scores": scores, "newer": newer, "back": lists.astype(np.int32)}
    described = fitted.describe(asked, baseline, answers)
    return replace(described, fit_seconds=before.seconds + fitted.seconds, chosen=chosen)


def describe_interactions(
    definition: RecommenderDefinition,
    learned: Columns,
    training: Columns,
    holdout: Columns,
    scores: NDArray[np.float32],
) -> Baseline:
    """Profile the `learned` interactions, how often the held out ones were of items that training did not have, and
    the best score of each list.
    """
    roles = definition.roles
    order = np.argsort(interaction_times(definition, learned), kind="stable") if definition.time else None
    turnover = mark_known_items(holdout[roles.item], set(training[roles.item].tolist()))
    best = scores[:, 0].astype(np.float64)
    return Baseline(
        rows=len(learned[roles.item]),
        features={name: profile_category(learned[name], order) for name in (roles.item, *roles.describe)},
        predictions=AnswerProfile(len(scores), values=profile_number(best[np.isfinite(best)])),
        turnover=Turnover(len(turnover), profile_category(turnover)),
    )
