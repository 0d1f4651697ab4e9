"""Takes a fitted pipeline apart: which transformer gets which columns first, and the steps that come after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from preprocessing import tidy_text
from refrain.errors import CannotImport
from refrain.importing.model_source import ModelColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    type Steps = list[tuple[str, Any]]


@dataclass(frozen=True)
class Branch:
    """The places of some columns, and the transformer that gets them; None lets them through.

    `encoder` is the first step of it that has learned the categories of its columns.
    """

    columns: tuple[int, ...]
    transformer: Any = None
    encoder: Any = None


def split_branches(estimator: Any, width: int) -> tuple[list[Branch], Steps]:
    """Return the branches that get the columns of a model, and the steps behind them, the estimator last."""
    steps = list(_flatten(estimator))
    first = steps[0][1]
    if isinstance(first, ColumnTransformer):
        return list(_branches_of(first)), steps[1:]
    encoders = [index for index, (_, step) in enumerate(steps[:-1]) if hasattr(step, "categories_")]
    head = encoders[0] + 1 if encoders else 0
    transformer = Pipeline(steps[:head]) if head else None
    return [Branch(tuple(range(width)), transformer, _encoder_of(transformer))], steps[head:]


def find_columns(names: Sequence[str], branches: Sequence[Branch]) -> dict[str, ModelColumn]:
    """Name the columns that a model uses, in its order: categories are those that encoders alone get."""
    plain = {index for branch in branches if branch.encoder is None for index in branch.columns}
    texts: dict[int, dict[str, Any]] = {}
    for branch in branches:
        if branch.encoder is None or plain.issuperset(branch.columns):
            continue
        for index, categories in zip(branch.columns, branch.encoder.categories_, strict=True):
            if index in plain:
                raise CannotImport(f"{names[index]} is encoded together with others, and used as a number besides")
            texts.setdefault(index, {}).update(_texts(categories))
    return {
        names[index]: ModelColumn(names[index], "category" if index in texts else "number", texts.get(index, {}))
        for index in sorted(plain | set(texts))
    }


def _flatten(estimator: Any) -> Iterator[tuple[str, Any]]:
    """List the steps of a pipeline, those of pipelines in it one by one, without those that do nothing."""
    if not isinstance(estimator, Pipeline):
        yield type(estimator).__name__.lower(), estimator
        return
    for _, step in estimator.steps:
        if step not in (None, "passthrough"):
            yield from _flatten(step)


def _branches_of(columns: ColumnTransformer) -> Iterator[Branch]:
    indices = columns._transformer_to_input_indices
    for name, transformer, _ in columns.transformers_:
        indexes = tuple(int(index) for index in indices[name])
        if indexes and not (isinstance(transformer, str) and transformer == "drop"):
            through = isinstance(transformer, str) or _is_identity(transformer)
            yield Branch(indexes, *((None, None) if through else (transformer, _encoder_of(transformer))))


def _is_identity(transformer: Any) -> bool:
    return isinstance(transformer, FunctionTransformer) and transformer.func is None


def _encoder_of(transformer: Any) -> Any:
    """Find the first step that has learned categories. Steps before it, such as imputers, keep the columns."""
    return next((step for _, step in _flatten(transformer) if hasattr(step, "categories_")), None)


def _texts(categories: Any) -> dict[str, Any]:
    """Write known categories as they arrive in a request; a missing one is none."""
    return {category_text(value): value for value in categories.tolist() if value is not None and value == value}


def category_text(value: Any) -> str:
    """Write a category as a request has it.

    >>> category_text(" Private "), category_text(3.0), category_text(True)
    ('Private', '3', 'True')
    """
    if isinstance(value, str):
        return tidy_text(value)
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)
