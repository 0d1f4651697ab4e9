"""One request answered: by the champion alone, or by champion and challenger both while there is a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import objects
from refrain.serving.answered_rows import Predictions, answer_part, join_parts
from refrain.serving.http.refusals import InvalidInstances
from refrain.serving.trial_answers import answer_both

if TYPE_CHECKING:
    from preprocessing import Columns, Lists, Problem
    from refrain.model.tabular import TabularModel
    from refrain.serving.trial_answers import LoadedChallenger


def predict(champion: TabularModel, raw: Lists, rows: int, challenger: LoadedChallenger | None = None) -> Predictions:
    """Answer columns of JSON values, of length `rows`.

    Raises `InvalidInstances` naming every value that the champion cannot use. A challenger raises nothing.
    """
    if challenger is None:
        columns = _usable(*champion.prepare_lists(raw, rows))
        return join_parts([answer_part(champion, columns, range(rows))], columns, rows)
    arrays = {name: objects(values) for name, values in raw.items()}
    columns = _usable(*champion.prepare_columns(arrays, rows))
    return join_parts(answer_both(champion, challenger, arrays, columns), columns, rows)


def _usable[C: Columns | Lists](columns: C, problems: list[Problem]) -> C:
    if problems:
        raise InvalidInstances(problems)
    return columns
