"""What the lake's JSON objects have in common: a frozen dataclass whose fields are the keys of the object.

A library of structs would take a fifth of a cold start; the few types that JSON has need no library.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache
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

from refrain.errors import InvalidDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refrain.aws.storage import Store


class Document:
    """Base of a stored object, and of its parts: a frozen dataclass, read by the types of its fields.

    A field's type is one of JSON's (`str`, `int`, `float`, `bool`, `None`), `Any`, a literal, another dataclass, or a
    `list`, `tuple`, `dict` or union of them. Subclasses import these types when they run, not for type checking only.
    """

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Read a parsed JSON object; unknown keys are ignored. Raises `InvalidDocument`, naming the field."""
        return cast("Self", _read_object(cls, content))

    def to_json(self) -> dict[str, Any]:
        """Return every field as plain JSON values, in the order of the class."""
        return asdict(cast("Any", self))


class StoredDocument(Document):
    """Base of an object with a key of its own: the class's `path`, with a name in place of each `{}`."""

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


def _read_object(kind: Any, content: object) -> Any:
    """Read an object as a dataclass."""
    if not isinstance(content, dict):
        raise InvalidDocument(f"{kind.__name__}: expected an object, got {content!r:.80}")
    values = {}
    for name, (declared, required) in _fields_of(kind).items():
        if name in content:
            values[name] = _read(declared, content[name], f"{kind.__name__}.{name}")
        elif required:
            raise InvalidDocument(f"{kind.__name__}.{name}: expected a value, got nothing")
    return kind(**values)


@cache
def _fields_of(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return the type of each field, and whether it must be there."""
    hints = get_type_hints(kind)
    return {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _read(declared: Any, value: Any, place: str) -> Any:
    """Read a value as its declared type."""
    if declared is Any or type(value) is declared:
        return value
    if isinstance(declared, TypeAliasType):
        declared = declared.__value__
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, UnionType):
        return _read_one_of(arguments, value, place)
    if isinstance(declared, type) and is_dataclass(declared):
        return _read_object(declared, value)
    if origin in (list, tuple) and isinstance(value, list | tuple):
        return _read_items(origin, arguments, value, place)
    if origin is dict and isinstance(value, dict):
        if _are_plain(arguments[1], value.values()):
            return value
        return {key: _read(arguments[1], item, f"{place}.{key}") for key, item in value.items()}
    if origin is Literal and value in arguments:
        return value
    if declared is float and type(value) is int:
        return float(value)
    raise InvalidDocument(f"{place}: expected {getattr(declared, '__name__', declared)}, got {value!r:.80}")


def _are_plain(declared: Any, values: Iterable[Any]) -> bool:
    """Tell at once that many values need no reading: vocabularies, catalogues and counts are long."""
    return declared is Any or _plain_types(declared).issuperset(map(type, values))


@cache
def _plain_types(declared: Any) -> frozenset[type]:
    """Return the types of values that are taken as they are: those of JSON among the declared ones."""
    kinds = get_args(declared) if get_origin(declared) in (Union, UnionType) else (declared,)
    return frozenset(kind for kind in kinds if kind in (str, int, float, bool, NoneType))


def _read_one_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    """Read an optional value, or one of several plain types."""
    if value is None and NoneType in kinds:
        return None
    alternatives = [kind for kind in kinds if kind is not NoneType]
    for kind in alternatives[:-1]:
        try:
            return _read(kind, value, place)
        except InvalidDocument:
            continue
    return _read(alternatives[-1], value, place)


def _read_items(origin: Any, arguments: tuple[Any, ...], values: Sequence[Any], place: str) -> Any:
    """Read a list, or a tuple of any or of a fixed length."""
    if origin is list or arguments[-1] is Ellipsis:
        if _are_plain(arguments[0], values):
            return origin(values)
        return origin(_read(arguments[0], item, f"{place}[{row}]") for row, item in enumerate(values))
    if len(values) != len(arguments):
        raise InvalidDocument(f"{place}: expected {len(arguments)} items, got {len(values)}")
    return tuple(
        _read(kind, item, f"{place}[{row}]") for row, (kind, item) in enumerate(zip(arguments, values, strict=True))
    )
