"""Nobody is judged by what it learned: where the champion has learned most of a holdout, recipes are compared.

Late history, corrected rows and changed splits bring learned rows into a holdout. Then the champion's recipe is fitted
again on the training rows of the run, as every candidate is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from preprocessing import DefinitionError, RecommenderDefinition, parse_definition
from refrain.errors import NotFound
from refrain.lake.learned_rows import mark_learned
from refrain.lake.recipe_again import AGAIN, RecipeAgain
from refrain.lake.version import Manifest

if TYPE_CHECKING:
    from preprocessing import Column, Definition
    from refrain.aws.storage import Store
    from refrain.snapshot.frozen_rows import FrozenRows
    from refrain.snapshot.snapshot_kind import SnapshotKind


def plan_recipe_again(store: Store, kind: SnapshotKind, champion: str | None, rows: FrozenRows) -> RecipeAgain | None:
    """Say which candidate is to stand for the champion; None where there is no champion, or it can stand for itself."""
    try:
        manifest = Manifest.read(store, kind.definition.model, champion) if champion else None
        if manifest and manifest.judged:
            manifest = Manifest.read(store, manifest.model, manifest.judged)
    except (NotFound, ValueError):
        return None  # evaluation says that the champion cannot be asked
    if manifest is None:
        return None
    held = rows.split.holdout
    learned = mark_learned(store, kind.definition, manifest, rows.hashes[held])
    if kind.leaves_enough({name: array[held] for name, array in rows.columns.items()}, ~learned):
        return None
    return _again(kind.definition, manifest)


def _again(definition: Definition, manifest: Manifest) -> RecipeAgain:
    """Find the champion's recipe among the candidates, or make a definition of it."""
    own = manifest.parse_definition()
    if manifest.candidate not in {candidate.name for candidate in own.training.candidates}:
        return RecipeAgain(manifest.version, None, reason="its recipe is not known, since it was fitted elsewhere")
    try:
        fitting = _definition_of(definition, own, manifest)
    except DefinitionError as error:
        return RecipeAgain(manifest.version, None, reason=f"its recipe does not suit the definition of today ({error})")
    (recipe,) = fitting.training.candidates
    if (fitting.features, fitting.derived) == (definition.features, definition.derived):
        for candidate in definition.training.candidates:
            if replace(candidate, name=recipe.name) == recipe:
                return RecipeAgain(manifest.version, candidate.name)
    return RecipeAgain(manifest.version, AGAIN, dict(fitting.document))


def _definition_of(definition: Definition, own: Definition, manifest: Manifest) -> Definition:
    """Make a definition that fits the champion's candidate on rows of today, by its own features as far as they exist.

    Raises `DefinitionError`.
    """
    document: dict[str, Any] = {key: value for key, value in definition.document.items() if key != "monitoring"}
    recipe = next(item for item in _section(own, "training")["candidates"] if item["name"] == manifest.candidate)
    if "search" in recipe:  # the champion is what the search found at its time
        recipe = {key: value for key, value in recipe.items() if key != "search"} | manifest.chosen
    document["training"] = _section(definition, "training") | {"candidates": [recipe]}
    if not isinstance(definition, RecommenderDefinition):
        kept = {column.name for column in own.columns.values() if _has_kind(definition, column)}
        document["columns"] = {
            column: {**keys, "role": "feature" if column in kept and own.columns[column].feature else "ignore"}
            for column, keys in _section(definition, "columns").items()
        }
        document["derived"] = {}
        for item in own.derived:  # sources come first
            if kept.issuperset(item.sources):
                document["derived"][item.name] = _section(own, "derived")[item.name]
                kept.add(item.name)
    return parse_definition(definition.model, document, "the champion's recipe")


def _section(definition: Definition, name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", definition.document.get(name, {}))


def _has_kind(definition: Definition, column: Column) -> bool:
    today = definition.columns.get(column.name)
    return today is not None and (today.kind, today.text) == (column.kind, column.text)
