"""Finds the version that a person names: `income` for its champion, `income/previous`, or a version's own name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.exit_codes import UsageError
from refrain.lake.deployment import Deployment
from refrain.lake.version import Manifest, list_versions

if TYPE_CHECKING:
    from refrain.aws.storage import Store

PLACES = ("champion", "challenger", "previous")
HELP = "model (its champion), model/previous, model/challenger, model/version or the name of a version"


@dataclass(frozen=True)
class VersionName:
    """A version of a model that exists."""

    model: str
    version: str


def find_version(lake: Store, name: str) -> VersionName:
    """Return the version of a name. Raises `UsageError`, naming versions that exist."""
    model, _, version = name.partition("/")
    if version and version not in PLACES:
        return _check(lake, model, version)
    deployment = Deployment.read(lake, model)
    served = getattr(deployment, version or "champion")
    if served is not None:
        return VersionName(model, served.version)
    if not version and (owner := _owner(lake, name)):
        return VersionName(owner, name)
    raise UsageError(f"{name!r} names no version: expected {HELP}.")


def _check(lake: Store, model: str, version: str) -> VersionName:
    if lake.exists(Manifest.key(model, version)):
        return VersionName(model, version)
    newest = ", ".join(list_versions(lake, model)[:5]) or "none"
    raise UsageError(f"{model} has no version {version!r}; its newest are {newest}.")


def _owner(lake: Store, version: str) -> str | None:
    """Return the model that has a version of this name."""
    keys = lake.keys_directly_below("deployments/")
    models = (key.removeprefix("deployments/").removesuffix(".json") for key in keys)
    return next((model for model in models if lake.exists(Manifest.key(model, version))), None)
