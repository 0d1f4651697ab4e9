"""A fitted scikit-learn pipeline as a source: its own answers, and its graph behind the codes of the feature matrix."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import FeatureUnion, Pipeline

from refrain.errors import CandidateRefused, CannotImport
from refrain.importing.branches import Branch, category_text, find_columns, split_branches
from refrain.importing.code_tables import CodeTables, ColumnChoice, make_tables, register_tables
from refrain.importing.model_source import UNSEEN_TEXT, ModelColumn, ModelSource
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from preprocessing import Array, Columns, Vocabularies
    from refrain.arrays import Floats
    from refrain.importing.code_tables import Table

    type Export = Callable[[Pipeline, tuple[str, ...] | None, int], bytes]
    """Exports a pipeline on a matrix of so many columns, as training does."""


class FittedSource(ModelSource):
    """A fitted estimator. `names` are its columns where it has no names of its own, `classes` call its classes so."""

    def __init__(self, estimator: Any, names: Sequence[str], classes: Sequence[str], export: Export) -> None:
        self._fitted, self._export = estimator, export
        self._names, self._is_named = _column_names(estimator, names)
        self._branches, self._steps = split_branches(estimator, len(self._names))
        last = self._steps[-1][1]
        self.estimator = f"{type(last).__module__}.{type(last).__qualname__}"
        self.classes = _name_classes(estimator, last, classes)
        self.columns = find_columns(self._names, self._branches)

    def answers(self, columns: Columns) -> Floats:
        """Answer typed columns as the model itself does. Raises `CannotImport`."""
        predict = self._fitted.predict if self.classes is None else self._fitted.predict_proba
        rows = len(next(iter(columns.values())))
        answers = np.asarray(_ask(predict, self._frame(columns, rows)), dtype=np.float64).reshape(rows, -1)
        if answers.shape[1] != len(self.classes or " "):
            raise CannotImport(f"the model answers {answers.shape[1]} numbers a row: import one for each target")
        return answers

    def graph(self, features: Sequence[str], vocabularies: Vocabularies) -> bytes:
        """Return a graph from the matrix of these features to the answers. Raises `CannotImport`."""
        register_tables()
        parts = [self._part(branch, features, vocabularies) for branch in self._branches]
        middle = [(f"step{index}", step) for index, (_, step) in enumerate(self._steps[:-1])]
        front = FeatureUnion([(f"part{index}", part) for index, part in enumerate(parts)])
        steps = [("features", front), *middle, ("estimator", self._steps[-1][1])]
        try:
            return self._export(Pipeline(steps), self.classes, len(features))
        except CandidateRefused as refused:
            raise CannotImport(f"the model cannot become a graph: {refused}") from refused

    def _part(self, branch: Branch, features: Sequence[str], vocabularies: Vocabularies) -> Any:
        names = [self._names[index] for index in branch.columns]
        indices = [features.index(name) for name in names]
        if self.columns[names[0]].kind == "category":
            return self._tabulate(branch, names, indices, vocabularies)
        choice = ColumnChoice(indices)
        return choice if branch.transformer is None else Pipeline([("choice", choice), ("steps", branch.transformer)])

    def _tabulate(
        self, branch: Branch, names: Sequence[str], indices: Sequence[int], vocabularies: Vocabularies
    ) -> CodeTables:
        """Ask a branch for every code of each column, while the others keep their first known value."""
        usual = {name: vocabularies[name][0] for name in names}
        outputs, bases = [], []
        for name in names:
            rows = [{**usual, name: value} for value in vocabularies[name]]
            base, *answered = self._transform(branch, names, [usual, *rows])
            special = [self._transform_or(branch, names, {**usual, name: value}, base) for value in (None, UNSEEN_TEXT)]
            outputs.append(np.array([*special, *answered], np.float32))
            bases.append(np.asarray(base, np.float32))
        return make_tables(names, indices, outputs, bases)

    def _transform_or(self, branch: Branch, names: Sequence[str], row: dict[str, Any], base: Table) -> Table:
        """Transform a row; where the branch refuses it, as requests are refused then, anything will do."""
        try:
            return cast("Table", self._transform(branch, names, [row])[0])
        except CannotImport:
            return base

    def _transform(self, branch: Branch, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> Any:
        values = {name: np.array([row[name] for row in rows], dtype=object) for name in names}
        frame = self._frame(values, len(rows), names)
        output = _ask(branch.transformer.transform, frame)
        return output.toarray() if hasattr(output, "toarray") else np.asarray(output)

    def _frame(self, columns: Columns, rows: int, names: Sequence[str] = ()) -> Any:
        """Make what the model was fitted on: a table with names, or a matrix. A column that it drops is missing."""
        wanted = names or self._names
        absent = np.full(rows, np.nan)
        frame = pd.DataFrame(
            {
                name: _own_values(self.columns[name], columns[name]) if name in self.columns else absent
                for name in wanted
            }
        )
        return frame if self._is_named else frame.to_numpy()


def _own_values(column: ModelColumn, values: Array) -> Any:
    """Return the values of a typed column as the model has them; missing is NaN, as pandas reads it."""
    if column.kind == "number":
        return np.asarray(values, dtype=np.float64)
    own = [np.nan if value is None else column.own.get(value, value) for value in values]
    if any(isinstance(value, str) for value in column.own.values()):
        return np.array(own, dtype=object)
    unseen = max(map(float, column.own.values()), default=0.0) + 1  # a number that is no category
    return np.array([unseen if isinstance(value, str) else float(value) for value in own])


def _ask(ask: Callable[[Any], Any], frame: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ask(frame)
        except Exception as error:
            raise CannotImport(f"the model fails: {type(error).__name__}: {error}") from error


def _column_names(estimator: Any, names: Sequence[str]) -> tuple[list[str], bool]:
    """Return the names of the columns in the model's order, and whether it was fitted on a table with names."""
    own = getattr(estimator, "feature_names_in_", None)
    if own is not None:
        return [str(name) for name in own], True
    if boosted := set(getattr(estimator, "feature_name_", ())) & set(names):
        return [name for name in estimator.feature_name_ if name in boosted], False
    width = getattr(estimator, "n_features_in_", None)
    if width != len(names):
        raise CannotImport(
            f"the model takes {width} columns without names, and {listed(list(names))} are {len(names)}: "
            "name them in its order with --columns"
        )
    return list(names), False


def _name_classes(estimator: Any, last: Any, names: Sequence[str]) -> tuple[str, ...] | None:
    """Return the names of the classes in the order of the answers; None for a regressor."""
    if is_regressor(last):
        return None
    if not is_classifier(last):
        raise CannotImport(f"the model ends in {type(last).__name__}: expected a classifier or a regressor")
    if not hasattr(estimator, "predict_proba"):
        raise CannotImport(f"{type(last).__name__} gives no probabilities (predict_proba): calibrate it first")
    own = tuple(class_text(value) for value in np.asarray(last.classes_).tolist())
    if names and len(names) != len(own):
        raise CannotImport(f"the model has the classes {listed(list(own))}: name as many with --classes")
    return tuple(names) or own


def class_text(value: Any) -> str:
    """Write a class as `refrain.classes` writes it.

    >>> class_text(True), class_text(2.0), class_text("yes")
    ('true', '2', 'yes')
    """
    return str(value).lower() if isinstance(value, bool) else category_text(value)
