"""Which definition of a model counts: one small object, changed by compare-and-swap only, beside its immutable texts.

It holds the text that counts, so that a function reads one object and never half of a change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from preprocessing import MODEL_NAME, DefinitionError, read_definition
from refrain.errors import UnknownModel
from refrain.lake.document import Document, SwappedDocument

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Object, Store

DEFINITIONS = "definitions/"
DAMAGED = "damaged"
"""The digest of an object that cannot be read."""

MAX_PARALLEL_DEFINITIONS = 16
"""The objects are small, and S3 takes some milliseconds for each."""

_SUFFIX = ".json"


@dataclass(frozen=True)
class DefinitionChange(Document):
    """A definition that somebody applied at a time (ISO 8601); a `digest` of None means that the model was retired."""

    digest: str | None
    at: str
    by: str


@dataclass(frozen=True)
class ModelDefinition(SwappedDocument, DefinitionChange):
    """The definition of one model, and the newest changes of it, the latest last; `text` is TOML, "" when retired."""

    path = DEFINITIONS + "{}" + _SUFFIX

    model: str
    text: str
    log: tuple[DefinitionChange, ...] = ()

    @classmethod
    def absent(cls, model: str) -> Self:
        """Return an empty one, where none was ever applied."""
        return cls(None, "", "", model, "")

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


def known_models(store: Store) -> tuple[str, ...]:
    """Name the models that have a definition, sorted: those that were retired have none, and broken ones count."""
    from concurrent.futures import ThreadPoolExecutor  # inference imports this module and seldom lists models

    keys = (key.removeprefix(DEFINITIONS) for key in store.keys_directly_below(DEFINITIONS))
    models = [key.removesuffix(_SUFFIX) for key in keys if MODEL_NAME.fullmatch(key.removesuffix(_SUFFIX))]
    with ThreadPoolExecutor(MAX_PARALLEL_DEFINITIONS) as readers:
        definitions = readers.map(partial(ModelDefinition.read, store), models)
        return tuple(current.model for current in definitions if current.digest)


def find_definition(store: Store, model: str) -> Definition:
    """Read the definition of one model; broken ones of other models do no harm.

    Raises:
        UnknownModel: with the names of all models.
        DefinitionError: when the definition is broken.
    """
    current = ModelDefinition.read(store, model) if MODEL_NAME.fullmatch(model) else None
    if current is None or current.digest is None:
        raise UnknownModel(model, known_models(store))
    return current.parse()
