"""Load a version and prove it: it answers its golden rows as training did, or it does not answer at all."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeIs

from preprocessing import __version__ as preprocessing_version
from refrain.errors import BrokenVersion
from refrain.lake.version import read_version_files
from refrain.model.tabular import TabularModel
from refrain.process_memory import function_bytes, models_bytes
from refrain.words import memory_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Served
    from refrain.lake.footprint import Footprint
    from refrain.lake.version import VersionFiles
    from refrain.model.recommendation import RecommenderModel

logger = logging.getLogger("refrain")

EXAMPLE_ROWS = 10
"""At least so many golden rows come first that are ordinary ones, fit to be shown as an example."""


@dataclass(frozen=True)
class LoadedVersion:
    """A version that passed its proof, why it serves, and one of its golden rows as an example.

    `footprint` is None for a version that was never evaluated.
    """

    model: TabularModel | RecommenderModel
    served: Served
    example: Mapping[str, Any]
    footprint: Footprint | None = None


def fits_alone(footprint: Footprint) -> bool:
    """Tell whether this function can hold a version."""
    return footprint.peak_bytes <= models_bytes(function_bytes())


def load_version(
    store: Store, model: str, served: Served, has_room: Callable[[Footprint], bool] = fits_alone
) -> LoadedVersion:
    """Load a version and prove it by its golden rows.

    Raises `BrokenVersion` when it answers them differently, and before it is loaded when the process has no room for
    it: a process that is killed for its memory takes the other models with it.
    """
    files = read_version_files(store, model, served.version)
    if files.footprint and not has_room(files.footprint):
        raise BrokenVersion(
            served.version, f"to load it takes {memory_size(files.footprint.peak_bytes)}, more than is left"
        )
    loaded = load_model(files)
    replay = loaded.replay(files.golden)
    if not replay.holds:
        reason = f"{replay.differing} of {replay.rows} golden rows get another answer"
        raise BrokenVersion(served.version, f"{reason} (by up to {replay.max_difference:g})")
    trained_by = files.manifest.preprocessing
    if trained_by != preprocessing_version:
        extra = {"model": model, "version": served.version, "trained_by": trained_by, "read_by": preprocessing_version}
        logger.warning("values are read otherwise than in training", extra=extra)
    ordinary = files.golden.rows[:EXAMPLE_ROWS]
    example = max(ordinary, key=lambda row: sum(value is not None for value in row.values()))
    return LoadedVersion(loaded, served, example, files.footprint)


def load_model(files: VersionFiles) -> TabularModel | RecommenderModel:
    """Make a version ready to answer: here the kind of a model is chosen. Raises `BrokenVersion`."""
    if files.catalogue is None:
        return TabularModel.load(files.manifest, files.model, files.baseline, files.familiar)
    from refrain.model.recommendation import RecommenderModel  # other models do not need it

    return RecommenderModel.load(files.manifest, files.model, files.catalogue)


def is_recommender(model: TabularModel | RecommenderModel) -> TypeIs[RecommenderModel]:
    """Tell which of the two kinds a loaded model is."""
    return model.definition.task == "recommendation"
