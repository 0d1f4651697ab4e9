"""Which definition of a model counts: one small object, changed by compare-and-swap only, beside its immutable texts.

It holds the text that counts, so that a function reads one object and never half of a change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from preprocessing import DefinitionError, read_definition
from refrain.errors import NotFound
from refrain.lake.document import Document, StoredDocument

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Object, Store

DEFINITIONS = "definitions/"
DAMAGED = "damaged"
"""The digest of an object that cannot be read."""

_SUFFIX = ".json"


@dataclass(frozen=True)
class DefinitionChange(Document):
    """A definition that somebody applied at a time (ISO 8601); a `digest` of None means that the model was retired."""

    digest: str | None
    at: str
    by: str


@dataclass(frozen=True)
class ModelDefinition(StoredDocument, DefinitionChange):
    """The definition of one model, and the newest changes of it, the latest last; `text` is TOML, "" when retired."""

    path = DEFINITIONS + "{}" + _SUFFIX

    model: str
    text: str
    log: tuple[DefinitionChange, ...] = ()

    @classmethod
    def read(cls, store: Store, *names: str) -> Self:
        """Read the definition of a model, an empty one where none was ever applied."""
        return cls.read_with_etag(store, *names)[0]

    @classmethod
    def read_with_etag(cls, store: Store, model: str) -> tuple[Self, str]:
        """Read it and its ETag, which is "" where no definition was ever applied."""
        try:
            content = store.read(cls.key(model))
        except NotFound:
            return cls(None, "", "", model, ""), ""
        return cls.of(model, content), content.etag

    @classmethod
    def of(cls, model: str, content: Object) -> Self:
        """Read the stored object; one that something else than Refrain has written is a definition that is broken."""
        damaged = cls(DAMAGED, "", "", model, "")
        try:
            current = cls.from_json(content.json())
        except ValueError:
            return damaged
        return current if current.model == model else damaged

    def parse(self) -> Definition:
        """Read the text. Raises `DefinitionError`, also where it is not the text that was applied."""
        where = f"{self.model}.toml"
        if definition_digest(self.text) != self.digest:
            raise DefinitionError(where, "", "the stored text is not the one that was applied; apply it again")
        return read_definition(self.model, self.text, where)


def definition_digest(text: str) -> str:
    """Name a text, by the SHA-256 of its file in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_key(model: str, digest: str) -> str:
    """Return the key of a text that was ever applied."""
    return f"{DEFINITIONS}{model}/{digest}.toml"


def defined_models(store: Store) -> list[str]:
    """Name the models that ever had a definition, sorted."""
    keys = store.keys_directly_below(DEFINITIONS)
    return [key.removeprefix(DEFINITIONS).removesuffix(_SUFFIX) for key in keys if key.endswith(_SUFFIX)]
