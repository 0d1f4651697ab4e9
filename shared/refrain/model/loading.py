"""A version is loaded and proved: it answers its golden rows as training did, or it does not answer at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.errors import BrokenVersion
from refrain.lake.version import read_version_files
from refrain.model.tabular import TabularModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Served
    from refrain.lake.version import VersionFiles
    from refrain.model.recommendation import RecommenderModel

ORDINARY = 10
"""So many of the golden rows, at least, come first and are ordinary ones, fit for examples."""


@dataclass(frozen=True)
class LoadedVersion:
    """A version that passed its proof, why it serves, and one of its golden rows as an example."""

    servable: TabularModel | RecommenderModel
    served: Served
    example: Mapping[str, Any]


def load(store: Store, model: str, served: Served) -> LoadedVersion:
    """Load a version and prove it by its golden rows. Raises `BrokenVersion` when it answers otherwise."""
    files = read_version_files(store, model, served.version)
    servable = loaded(files)
    replay = servable.replay(files.golden)
    if not replay.holds:
        sentence = f"{replay.differing_labels} of {replay.rows} golden rows are answered otherwise"
        raise BrokenVersion(served.version, f"{sentence} (by up to {replay.max_difference:g})")
    ordinary = files.golden["rows"][:ORDINARY]
    example = max(ordinary, key=lambda row: sum(value is not None for value in row.values()))
    return LoadedVersion(servable, served, example)


def loaded(files: VersionFiles) -> TabularModel | RecommenderModel:
    """Make a version ready to answer. Raises `BrokenVersion`."""
    if files.catalogue is None:
        return TabularModel.load(files.manifest, files.model, files.baseline)
    from refrain.model.recommendation import RecommenderModel  # other models need none of it

    return RecommenderModel.load(files.manifest, files.model, files.catalogue)
