"""A model from elsewhere, fitted into a definition: its graph, its vocabularies, and its own answers to the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.errors import CannotImport
from refrain.importing.version_definition import check_classes, choose_features, close_columns, find_untaken, mark_taken

if TYPE_CHECKING:
    from preprocessing import Array, Columns, Definition, Vocabularies
    from refrain.arrays import Floats
    from refrain.importing.model_source import ModelSource

MIN_IMPORT_ROWS = 20
"""Fewer rows prove nothing."""

MAX_TEXTS = 1000
"""Different texts of one column that a model may take without telling which it knows."""


@dataclass(frozen=True)
class ImportedModel:
    """What a version is made of. `columns` are the rows that the model takes, typed, `answers` its own to them.

    `refused` counts the rows that it does not take.
    """

    source: ModelSource
    definition: Definition
    vocabularies: Vocabularies
    graph: bytes
    columns: Columns
    answers: Floats
    refused: int


def fit_model(source: ModelSource, definition: Definition, columns: Columns) -> ImportedModel:
    """Fit a model into a definition, by typed rows. Raises `CannotImport`."""
    chosen = choose_features(definition, source)
    if not len(columns[definition.target]):
        raise CannotImport("no row can be used: see what `refrain check` says of the file")
    required, unknown = find_untaken(source, columns)
    vocabularies = {
        name: tuple(source.columns[name].own) or _occurring(name, columns[name])
        for name in chosen.features
        if source.columns[name].kind == "category"
    }
    closed = {name: vocabularies[name] for name in unknown}
    taken = mark_taken(definition, columns, required, closed)
    rows = {name: values[taken] for name, values in columns.items()}
    if taken.sum() < MIN_IMPORT_ROWS:
        raise CannotImport(f"the model takes {taken.sum()} of {len(taken)} rows: {MIN_IMPORT_ROWS} are needed")
    if source.classes is not None:
        check_classes(definition, source.classes, rows[definition.target])
    chosen = close_columns(chosen, required, closed)
    graph = source.graph(chosen.features, vocabularies)
    answers = source.answers({name: rows[name] for name in source.columns})
    return ImportedModel(source, chosen, vocabularies, graph, rows, answers, int((~taken).sum()))


def _occurring(name: str, values: Array) -> tuple[str, ...]:
    texts = sorted({value for value in values if value is not None})
    if len(texts) > MAX_TEXTS:
        raise CannotImport(f"{name} has {len(texts)} different texts: at most {MAX_TEXTS} can be categories")
    return tuple(texts)
