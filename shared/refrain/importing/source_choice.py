"""Chooses how a model from elsewhere is asked, by what its file held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.importing.fitted_source import Export
    from refrain.importing.model_source import ModelSource


def open_source(
    loaded: Any, names: Sequence[str], classes: Sequence[str], labels: Sequence[str], export: Export
) -> ModelSource:
    """Open a model; `names` are its columns in its order, where it has no names of its own.

    `classes` are what a person calls its classes, in its order; `labels` are those of the rows. Raises `CannotImport`.
    """
    library, _, _ = type(loaded).__module__.partition(".")
    if library.startswith("onnx"):
        from refrain.importing.graph_source import GraphSource

        return GraphSource(loaded, names, classes, codes_among(labels))
    from refrain.importing.fitted_source import FittedSource

    if (library, type(loaded).__name__) == ("lightgbm", "Booster"):
        from refrain.importing.booster import wrap_booster

        return FittedSource(wrap_booster(loaded, classes or codes_among(labels)), names, (), export)
    return FittedSource(loaded, names, classes, export)


def codes_among(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of rows where a model that names no classes can mean only them: codes from 0 on.

    >>> codes_among(["1", "0"]), codes_among(["no", "yes"])
    (('0', '1'), ())
    """
    codes = tuple(map(str, range(len(labels))))
    return codes if set(codes) == set(labels) else ()
