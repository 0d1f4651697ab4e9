"""Chooses, once, how an upload is read and kept: by its second folder and by the kind of its model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from preprocessing import RecommenderDefinition
from refrain.aws.storage import Store
from refrain.errors import UnreadableUpload
from refrain.ingest.keeping import UploadedFile, keep_rows
from refrain.ingest.label_upload import definition_of_labels, keep_labels
from refrain.ingest.recommendation import keep_interactions
from refrain.lake.receipt import UploadContents
from refrain.recommendation.catalogue import definition_of_items

if TYPE_CHECKING:
    from preprocessing import Definition


type KeepFile = Callable[[UploadedFile, Store], UploadContents]
"""Reads a file and writes its rows to the lake. Raises `UnreadableUpload`."""


def choose_kind(definition: Definition, key: str) -> tuple[Definition, KeepFile]:
    """Return the definition by which an upload is read, and how it is kept. Raises `UnreadableUpload`."""
    folder = key.split("/")[1] if key.count("/") > 1 else ""
    if isinstance(definition, RecommenderDefinition):
        if folder == "labels":
            sentence = f"{definition.model} is a recommender: upload interactions instead of labels"
            raise UnreadableUpload("no_labels", sentence)
        if folder == "items":
            items = definition_of_items(definition)
            return items, partial(_keep_items, items)
        return definition, partial(keep_interactions, definition)
    if folder == "labels":
        labels = definition_of_labels(definition)
        return labels, partial(keep_labels, labels)
    return definition, partial(_keep_rows, definition)


def _keep_rows(definition: Definition, file: UploadedFile, lake: Store) -> UploadContents:
    digest = file.digest(definition)
    return keep_rows(file.path, file.format, definition, digest, lake, file.deadline, file.forgotten)


def _keep_items(definition: Definition, file: UploadedFile, lake: Store) -> UploadContents:
    return replace(_keep_rows(definition, file, lake), kind="items")
