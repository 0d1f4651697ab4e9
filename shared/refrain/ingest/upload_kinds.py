"""What an upload is for, by its second folder: rows, labels, or what describes items; each is kept in its own way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refrain.aws.storage import Store
from refrain.errors import UnreadableUpload
from refrain.ingest.keeping import keep
from refrain.ingest.label_upload import definition_of_labels, is_labels, keep_labels
from refrain.ingest.recommendation import keep_interactions
from refrain.recommendation.item_descriptions import KIND, definition_of_items, is_items

if TYPE_CHECKING:
    from preprocessing import Definition

type Keep = Callable[[Path, str, Definition, str, Store, str], dict[str, Any]]
"""From a file, its format, the definition that reads it, its digest, the lake and the time of upload to the facts of
its receipt. Raises `UnreadableUpload`."""


def purpose(definition: Definition, key: str) -> tuple[Definition, Keep]:
    """Find by which definition an upload is read, and how it is kept. Raises `UnreadableUpload`."""
    if is_items(definition, key):
        return definition_of_items(definition), _keep_items
    if is_labels(key):
        if definition.roles:
            raise UnreadableUpload("no_labels", "a recommender learns from interactions: upload those as rows")
        return definition_of_labels(definition), keep_labels
    return definition, keep_interactions if definition.roles else _keep_rows


def _keep_rows(
    path: Path, form: str, definition: Definition, digest: str, lake: Store, _uploaded_at: str
) -> dict[str, Any]:
    return keep(path, form, definition, digest, lake)


def _keep_items(
    path: Path, form: str, definition: Definition, digest: str, lake: Store, _uploaded_at: str
) -> dict[str, Any]:
    return keep(path, form, definition, digest, lake) | {"kind": KIND}
