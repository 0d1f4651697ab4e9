"""One request answered: by the champion alone, with a challenger in shadow beside it, or shared with a canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects
from refrain.serving.answered_rows import Predictions, answer_part, join_parts, read_scores
from refrain.serving.http.refusals import InvalidInstances
from refrain.serving.trial_answers import CANARY, score_challenger, select_rows, shadow_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Array, Columns, Lists, Problem
    from refrain.model.tabular import TabularModel
    from refrain.serving.trial_answers import LoadedChallenger


def predict(champion: TabularModel, raw: Lists, rows: int, challenger: LoadedChallenger | None = None) -> Predictions:
    """Answer columns of JSON values, of length `rows`.

    Raises `InvalidInstances` naming every value that the champion cannot use. A challenger raises nothing.
    """
    if challenger is None:
        columns = _usable(*champion.prepare_lists(raw, rows))
        return join_parts([answer_part(champion, columns, range(rows))], columns, rows)
    # Each of the two takes its rows of arrays.
    arrays = {name: objects(values) for name, values in raw.items()}
    answer = _share_with_canary if challenger.settings.mode == CANARY else _answer_with_shadow
    return answer(champion, challenger, arrays, _usable(*champion.prepare_columns(arrays, rows)), rows)


def _usable[C: Columns | Lists](columns: C, problems: list[Problem]) -> C:
    if problems:
        raise InvalidInstances(problems)
    return columns


def _answer_with_shadow(
    champion: TabularModel, challenger: LoadedChallenger, raw: Mapping[str, Array], columns: Columns, rows: int
) -> Predictions:
    """Let the champion answer everything, and then the challenger, for nobody but the judge of its trial."""
    part = answer_part(champion, columns, range(rows))
    return join_parts([part], columns, rows, shadow_answers(challenger, champion, raw, columns))


def _share_with_canary(
    champion: TabularModel, challenger: LoadedChallenger, raw: Mapping[str, Array], columns: Columns, rows: int
) -> Predictions:
    """Let the canary answer its share of the entities, and the champion the others and what the canary cannot."""
    chosen = challenger.choose_rows(champion.definition, raw, columns)
    fallback = chosen.copy()
    parts = []
    if chosen.any():
        scores = score_challenger(challenger.model, champion, select_rows(raw, chosen), select_rows(columns, chosen))
        fallback[chosen] = ~scores.usable
        if challenger.model and scores.usable.any():
            indexes = np.flatnonzero(chosen & ~fallback).tolist()
            usable = scores.scores[scores.usable], scores.matrix[scores.usable]
            parts.append(read_scores(challenger.model, indexes, *usable, scores.milliseconds))
    for selected, is_fallback in ((~chosen, False), (fallback, True)):
        if selected.any():
            indexes = np.flatnonzero(selected).tolist()
            parts.append(answer_part(champion, select_rows(columns, selected), indexes, fallback=is_fallback))
    return join_parts(parts, columns, rows)
