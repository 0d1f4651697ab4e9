"""What the lake's JSON objects have in common: a frozen dataclass whose fields are the keys of the object.

A library of structs would take a fifth of a cold start; the few types that JSON has need no library.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache, partial
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeAliasType,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from refrain.errors import InvalidDocument, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.aws.storage import Object, Store

    type ReadValue = Callable[[Any, str], Any]
    """Reads a value, whose path in the document an error names. Raises `InvalidDocument`."""

_SCALARS: frozenset[Any] = frozenset({str, int, float, bool, NoneType})


class Document:
    """Base of a stored object, and of its parts: a frozen dataclass, read by the types of its fields.

    A field's type is one of JSON's (`str`, `int`, `float`, `bool`, `None`), `Any`, a literal, another dataclass, or a
    `list`, `dict`, union or `tuple` (of items of one type) of them. Subclasses import these types when they run, not
    for type checking only.
    """

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Read a parsed JSON object; unknown keys are ignored. Raises `InvalidDocument`, naming the field."""
        return cast("Self", _read_object(cls, content))

    def to_json(self) -> dict[str, Any]:
        """Return every field as plain JSON values, in the order of the class."""
        return asdict(cast("Any", self))


class StoredDocument(Document):
    """Base of an object with a key of its own: the class's `path`, with a name in path of each `{}`."""

    path: ClassVar[str]

    @classmethod
    def key(cls, *names: str) -> str:
        """Return the key of the object with these names."""
        return cls.path.format(*names)

    @classmethod
    def read(cls, store: Store, *names: str) -> Self:
        """Read it. Raises `NotFound` and `InvalidDocument`."""
        return cls.from_json(store.read_json(cls.key(*names)))

    def write(self, store: Store, *names: str) -> str:
        """Write it, and return its key."""
        key = self.key(*names)
        store.write_json(key, self.to_json())
        return key


class SwappedDocument(StoredDocument):
    """Base of an object of a model that is changed by compare-and-swap only, so it is read with its ETag."""

    @classmethod
    def absent(cls, model: str) -> Self:
        """Return what counts before the first change."""
        raise NotImplementedError

    @classmethod
    def of(cls, _model: str, content: Object) -> Self:
        """Read the stored object. Raises `InvalidDocument`."""
        return cls.from_json(content.json())

    @classmethod
    def read(cls, store: Store, *names: str) -> Self:
        """Read that of a model, or what counts before the first change. Raises `InvalidDocument`."""
        return cls.read_with_etag(store, *names)[0]

    @classmethod
    def read_with_etag(cls, store: Store, model: str) -> tuple[Self, str]:
        """Read it and its ETag, which is "" before the first change. Raises `InvalidDocument`."""
        try:
            content = store.read(cls.key(model))
        except NotFound:
            return cls.absent(model), ""
        return cls.of(model, content), content.etag


def _read_object(kind: Any, content: object, _path: str = "") -> Any:
    if not isinstance(content, dict):
        raise InvalidDocument(f"{kind.__name__}: expected an object, got {content!r:.80}")
    values = {}
    for name, (path, plain, read, required) in _fields_of(kind).items():
        if name in content:
            value = content[name]
            values[name] = value if type(value) in plain else read(value, path)
        elif required:
            raise InvalidDocument(f"{path}: expected a value, got nothing")
    return kind(**values)


@cache
def _fields_of(kind: Any) -> dict[str, tuple[str, frozenset[type], ReadValue, bool]]:
    """Return of each field its name in errors, how it is read, and whether it must be there."""
    hints = get_type_hints(kind)
    return {
        name: (f"{kind.__name__}.{name}", *_reader(hints[name]), field.default is field.default_factory is MISSING)
        for name, field in ((field.name, field) for field in fields(kind))
    }


@cache
def _reader(declared: Any) -> tuple[frozenset[type], ReadValue]:
    """Return the types whose values are taken as they are, and the reader of all others.

    So a long vocabulary or catalogue is checked in one pass.
    """
    if isinstance(declared, TypeAliasType):
        return _reader(declared.__value__)
    origin, kinds = get_origin(declared), get_args(declared)
    if declared is Any:
        return _SCALARS | {list, dict}, partial(_read_scalar, declared)
    if origin in (Union, UnionType):
        readers = [_reader(kind) for kind in kinds if kind is not NoneType]
        plain = frozenset({NoneType}.intersection(kinds)).union(*(types for types, _ in readers))
        return plain, partial(_read_one_of, [read for _, read in readers])
    if origin in (list, tuple):
        length = None if origin is list or kinds[-1] is Ellipsis else len(kinds)
        return frozenset(), partial(_read_items, origin, length, *_reader(kinds[0]))
    if origin is dict:
        return frozenset(), partial(_read_dict, *_reader(kinds[1]))
    if is_dataclass(declared):
        return frozenset(), partial(_read_object, declared)
    return _SCALARS & {declared}, partial(_read_scalar, declared)


def _read_scalar(declared: Any, value: Any, path: str) -> Any:
    """Read a literal, or a whole number as a float; nothing else is left that would fit."""
    if get_origin(declared) is Literal and value in get_args(declared):
        return value
    if declared is float and type(value) is int:
        return float(value)
    raise InvalidDocument(f"{path}: expected {getattr(declared, '__name__', declared)}, got {value!r:.80}")


def _read_one_of(readers: Sequence[ReadValue], value: Any, path: str) -> Any:
    for read in readers[:-1]:
        try:
            return read(value, path)
        except InvalidDocument:
            continue
    return readers[-1](value, path)


def _read_items(
    origin: Any, length: int | None, plain: frozenset[type], read: ReadValue, values: Any, path: str
) -> Any:
    """Read a list or a tuple; a `length` of None is any."""
    if not isinstance(values, list | tuple):
        return _read_scalar(origin, values, path)
    if length not in (None, len(values)):
        raise InvalidDocument(f"{path}: expected {length} items, got {len(values)}")
    if {type(value) for value in values} <= plain:
        return values if type(values) is origin else origin(values)
    rows = enumerate(values)
    return origin(value if type(value) in plain else read(value, f"{path}[{row}]") for row, value in rows)


def _read_dict(plain: frozenset[type], read: ReadValue, values: Any, path: str) -> Any:
    if not isinstance(values, dict):
        return _read_scalar(dict, values, path)
    if {type(value) for value in values.values()} <= plain:
        return values
    return {key: value if type(value) in plain else read(value, f"{path}.{key}") for key, value in values.items()}
