"""Load a version and prove it: it answers its golden rows as training did, or it does not answer at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeIs

from refrain.errors import BrokenVersion
from refrain.lake.version import read_version_files
from refrain.model.tabular import TabularModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Served
    from refrain.lake.version import VersionFiles
    from refrain.model.recommendation import RecommenderModel

EXAMPLE_ROWS = 10
"""At least so many golden rows come first that are ordinary ones, fit to be shown as an example."""


@dataclass(frozen=True)
class LoadedVersion:
    """A version that passed its proof, why it serves, and one of its golden rows as an example."""

    model: TabularModel | RecommenderModel
    served: Served
    example: Mapping[str, Any]


def load_version(store: Store, model: str, served: Served) -> LoadedVersion:
    """Load a version and prove it by its golden rows. Raises `BrokenVersion` when it answers them differently."""
    files = read_version_files(store, model, served.version)
    loaded = load_model(files)
    replay = loaded.replay(files.golden)
    if not replay.holds:
        reason = f"{replay.differing} of {replay.rows} golden rows get another answer"
        raise BrokenVersion(served.version, f"{reason} (by up to {replay.max_difference:g})")
    ordinary = files.golden.rows[:EXAMPLE_ROWS]
    example = max(ordinary, key=lambda row: sum(value is not None for value in row.values()))
    return LoadedVersion(loaded, served, example)


def load_model(files: VersionFiles) -> TabularModel | RecommenderModel:
    """Make a version ready to answer: here the kind of a model is chosen. Raises `BrokenVersion`."""
    if files.catalogue is None:
        return TabularModel.load(files.manifest, files.model, files.baseline)
    from refrain.model.recommendation import RecommenderModel  # other models do not need it

    return RecommenderModel.load(files.manifest, files.model, files.catalogue)


def is_recommender(model: TabularModel | RecommenderModel) -> TypeIs[RecommenderModel]:
    """Tell which of the two kinds a loaded model is."""
    return model.definition.task == "recommendation"
