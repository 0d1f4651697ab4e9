"""Copy a version to another stack: the same bytes, the manifest last, proved there on its golden rows.

Its judged twin goes along, which stands for it in the comparisons of later runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.errors import InvalidRequest
from refrain.lake.deployment import Served
from refrain.lake.version import Manifest, list_version_files
from refrain.model.loading import load_version

if TYPE_CHECKING:
    from refrain.aws.storage import Store


def copy_version(source: Store, target: Store, model: str, version: str) -> list[str]:
    """Copy a version, and return the keys of what the target did not have yet.

    Raises `InvalidRequest` where the target has another version of this name, and `BrokenVersion` where the copy does
    not answer its golden rows as it should.
    """
    twin = Manifest.read(source, model, version).judged
    keys = [key for name in (twin, version) if name for key in list_version_files(source, model, name)]
    copied = [key for key in keys if _copy(source, target, key)]
    load_version(target, model, Served(version, "", "", None), has_room=lambda _: True)
    return copied


def _copy(source: Store, target: Store, key: str) -> bool:
    """Copy a file that is not there; return whether it was copied."""
    if target.exists(key):
        if target.read(key).data != source.read(key).data:
            raise InvalidRequest(f"version: the target has another {key}")
        return False
    target.write_new(key, source.read(key).data)
    return True
