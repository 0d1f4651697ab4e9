"""The definition of an imported version: the columns that its model takes; what it does not take is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from preprocessing import DefinitionError, is_missing, objects, parse_definition, prepare
from refrain.classes import class_labels
from refrain.errors import CannotImport
from refrain.importing.model_source import UNSEEN_TEXT, one_value
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition
    from refrain.importing.model_source import ModelSource

KINDS = {"number": ("number", "boolean"), "category": ("category",)}
"""The types of columns that a model can take as one of its own."""


def choose_features(definition: Definition, source: ModelSource) -> Definition:
    """Return the definition with the columns of a model as its only features. Raises `CannotImport`."""
    _check_task(definition, source)
    for name, column in source.columns.items():
        if name not in definition.columns:
            raise CannotImport(f"the model takes {name!r}, and {definition.model} has no such column; name its columns")
        kind = definition.columns[name].kind
        if kind not in KINDS[column.kind]:
            raise CannotImport(
                f"{name} is a {kind} in the definition of {definition.model}, and the model takes a "
                f"{column.kind}: change its type"
            )
        _check_texts(definition, name, column.own)
    columns = {
        name: {**keys, "role": "feature" if name in source.columns else "ignore"}
        for name, keys in _columns(definition).items()
    }
    return _change(definition, columns)


def close_columns(definition: Definition, required: Collection[str], closed: Mapping[str, Iterable[str]]) -> Definition:
    """Let the definition refuse what the model does not take: missing values, and categories beside those it knows."""
    columns = _columns(definition)
    for name in required:
        columns[name]["required"] = True
    for name, texts in closed.items():
        columns[name]["allowed"] = sorted(texts)
    return _change(definition, columns)


def find_untaken(source: ModelSource, columns: Columns) -> tuple[list[str], list[str]]:
    """Name the columns in which the model takes no missing value, and those in which it takes no unknown category.

    It is asked about the fullest row, one change at a time. Raises `CannotImport` where it does not even take that row.
    """
    inputs = {name: columns[name] for name in source.columns}
    fullest = int(np.argmin(np.sum([is_missing(values) for values in inputs.values()], axis=0)))
    row = {name: values[fullest : fullest + 1] for name, values in inputs.items()}
    source.answers(row)
    required = [name for name in inputs if not _takes(source, row, name, None)]
    closed = [
        name
        for name, column in source.columns.items()
        if column.kind == "category" and not _takes(source, row, name, UNSEEN_TEXT)
    ]
    return required, closed


def mark_taken(
    definition: Definition, columns: Columns, required: Collection[str], closed: Mapping[str, Collection[str]]
) -> NDArray[np.bool_]:
    """Mark the rows that the closed definition does not refuse, and that have a target."""
    taken: NDArray[np.bool_] = ~is_missing(columns[definition.target])
    for name in required:
        taken &= ~is_missing(columns[name])
    for name, texts in closed.items():
        taken &= np.array([value is None or value in texts for value in columns[name]])
    return taken


def check_classes(definition: Definition, classes: Collection[str], target: Array) -> None:
    """Refuse rows with classes that the model does not know: names may differ, and then nothing could be judged."""
    labels = set(class_labels(definition.columns[definition.target], target).tolist())
    if unknown := sorted(labels - set(classes)):
        raise CannotImport(
            f"{definition.target} has {listed(unknown)} in the rows, and the model knows {listed(list(classes))}: "
            "name its classes in its order with --classes"
        )


def _takes(source: ModelSource, row: Columns, name: str, value: object) -> bool:
    try:
        answers = source.answers({**row, name: one_value(source.columns[name], value, 1)})
    except CannotImport:
        return False
    return bool(np.isfinite(answers).all())


def _check_texts(definition: Definition, name: str, texts: Iterable[str]) -> None:
    """Refuse a definition that reads a category of the model as another, or as missing: it would never arrive."""
    categories = list(texts)
    columns, problems = prepare(definition, {name: objects(categories)}, len(categories), columns=[name])
    refused = {problem.row for problem in problems}
    for row, (text, read) in enumerate(zip(categories, columns[name], strict=True)):
        if read != text and row not in refused:
            meaning = "missing" if read is None else repr(read)
            raise CannotImport(
                f"{name}: the model knows {text!r}, which is {meaning} in the definition of {definition.model}: "
                "change `missing`, `only_missing`, `lower` or `replace` of the column"
            )


def _check_task(definition: Definition, source: ModelSource) -> None:
    task = "regression" if source.classes is None else "classification"
    if definition.task != task:
        raise CannotImport(f"{definition.model} is a {definition.task}, and the model is for {task}")


def _columns(definition: Definition) -> dict[str, dict[str, Any]]:
    columns = cast("Mapping[str, dict[str, Any]]", definition.document["columns"])
    return {name: dict(keys) for name, keys in columns.items()}


def _change(definition: Definition, columns: dict[str, dict[str, Any]]) -> Definition:
    kept = {key: value for key, value in definition.document.items() if key != "derived"}
    try:
        return parse_definition(definition.model, {**kept, "columns": columns}, f"{definition.model}, imported")
    except DefinitionError as error:
        raise CannotImport(f"the definition does not fit the model: {error}") from error
