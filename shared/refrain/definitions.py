"""Find model definitions: a TOML file for each model, in the folder of the models layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import MODEL_NAME, load_definition
from refrain.errors import UnknownModel

if TYPE_CHECKING:
    from pathlib import Path

    from preprocessing import Definition


def known_models(models_dir: Path) -> tuple[str, ...]:
    """Name the models that have a definition, sorted."""
    return tuple(sorted(path.stem for path in models_dir.glob("*.toml") if MODEL_NAME.fullmatch(path.stem)))


def find_definition(models_dir: Path, model: str) -> Definition:
    """Load the definition of one model; broken ones of other models do no harm.

    Raises:
        UnknownModel: with the names of all models.
        DefinitionError: when the definition is broken.
    """
    if model not in known_models(models_dir):
        raise UnknownModel(model, known_models(models_dir))
    return load_definition(models_dir / f"{model}.toml")
