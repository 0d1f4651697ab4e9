"""Apply a definition, or retire a model: the text is written first, then the pointer moves by compare-and-swap.

Functions read the pointer alone. So a crash in between leaves a text that nobody reads, and the retry writes it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from preprocessing import DefinitionError, read_definition
from preprocessing.function_contract import check_functions
from refrain.aws.storage import to_json
from refrain.errors import DefinitionChanged, UnknownModel
from refrain.lake.model_definition import DefinitionChange, ModelDefinition, definition_digest, text_key
from refrain.times import to_iso, utc_now

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.times import Clock

MAX_KEPT_CHANGES = 50
"""Changes in the pointer's log; texts and versions of the pointer are kept beside it."""

ChangeOutcome = Literal["applied", "unchanged", "retired"]


@dataclass(frozen=True)
class AppliedChange:
    """What became of a request: `digest` counts now, in place of `before`; None is no definition.

    With `reshapes`, rows are kept in another shape from now on, and runs read the rows uploaded before in it too.
    """

    outcome: ChangeOutcome
    model: str
    digest: str | None
    before: str | None
    at: str
    by: str
    reshapes: bool = False


def apply_definition(
    store: Store, model: str, text: str, by: str, expected: str | None = None, clock: Clock = utc_now
) -> AppliedChange:
    """Let a definition (TOML) count from now on, unless it does already.

    `expected` is the digest that has to count until now, "" for none, None for any. Raises `DefinitionError` for a text
    that cannot be used, and `DefinitionChanged` when somebody else was faster.
    """
    definition = read_definition(model, text, f"{model}.toml")
    check_functions(definition)
    change = DefinitionChange(definition_digest(text), to_iso(clock(), "milliseconds"), by)
    return _make(store, model, change, text, expected, definition)


def retire_model(
    store: Store, model: str, by: str, expected: str | None = None, clock: Clock = utc_now
) -> AppliedChange:
    """Let no definition of a model count: its uploads, runs and requests are refused, and all that it has stays.

    Raises `UnknownModel` where none was ever applied, and `DefinitionChanged` as `apply_definition` does.
    """
    return _make(store, model, DefinitionChange(None, to_iso(clock(), "milliseconds"), by), "", expected)


def _make(
    store: Store,
    model: str,
    change: DefinitionChange,
    text: str,
    expected: str | None,
    definition: Definition | None = None,
) -> AppliedChange:
    """Write the text, then the pointer if nobody wrote it meanwhile."""
    current, etag = ModelDefinition.read_with_etag(store, model)
    if not etag and definition is None:
        raise UnknownModel(model)
    if expected is not None and expected != (current.digest or ""):
        raise DefinitionChanged(model, expected or None, current.digest, current.by)
    if etag and current.digest == change.digest:
        return _unchanged(current)
    if change.digest:
        store.write(text_key(model, change.digest), text.encode())
    log = (*current.log, change)[-MAX_KEPT_CHANGES:]
    moved = ModelDefinition(change.digest, change.at, change.by, model, text, log)
    if store.swap(ModelDefinition.key(model), to_json(moved.to_json()), etag):
        reshapes = definition is not None and _fingerprint(current) not in ("", definition.fingerprint)
        outcome: ChangeOutcome = "applied" if definition else "retired"
        return AppliedChange(outcome, model, change.digest, current.digest, change.at, change.by, reshapes)
    present, _ = ModelDefinition.read_with_etag(store, model)
    if present.digest == change.digest:
        return _unchanged(present)
    raise DefinitionChanged(model, current.digest, present.digest, present.by)


def _unchanged(current: ModelDefinition) -> AppliedChange:
    return AppliedChange("unchanged", current.model, current.digest, current.digest, current.at, current.by)


def _fingerprint(current: ModelDefinition) -> str:
    try:
        return current.parse().fingerprint
    except DefinitionError:
        return ""
