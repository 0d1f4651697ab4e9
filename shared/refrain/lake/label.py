"""Labels on their way in: one object a call, written once and never changed, so that it is there whole or not at all.

Every call has an object of its own, also one that says again what another said before: someone who corrects a label
and then takes the correction back sends the same call twice, and means it. What was merely repeated changes nothing
when it is read (see `labels`).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Literal

from preprocessing import objects, prepare
from refrain.lake import keys
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Definition, Problem
    from refrain.aws.storage import Store

type Given = tuple[str, object]
"""A prediction's id, and its label as it was given: a JSON value."""

LONGEST_ID = 100

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def check_labels(definition: Definition, values: Sequence[object]) -> list[Problem]:
    """List the labels that cannot be one of this model's target, in the very words that an upload's rows get.

    A class that was never seen in training is fine, unless the definition has a list of allowed ones.
    """
    _, problems = prepare(definition, {definition.target: objects(values)}, len(values), columns=[definition.target])
    return problems


def label_digest(model: str, labels: Sequence[Given]) -> str:
    """Name a call by what it says: the same labels in the same order have the same name.

    >>> label_digest("income", [("a", 1)]) == label_digest("income", [("a", 1)]) != label_digest("income", [("a", 2)])
    True
    """
    return hashlib.sha256(_encode([model, *labels]).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write_call(store: Store, model: str, labels: Sequence[Given], received: datetime) -> str:
    """Keep the labels of one call, received at a moment (UTC), and return its digest. When this returns they are safe.

    Raises `StorageUnavailable`, and then nothing, or all, is kept; the caller sends them again.
    """
    digest = label_digest(model, labels)
    # Were it there already, a retry below this would have found what it wrote itself: the name has the microsecond.
    store.write_new(keys.labels(model, received, digest), document(model, labels, received, "api"))
    return digest


def document(model: str, labels: Sequence[Given], received: datetime, source: Literal["api", "upload"]) -> bytes:
    """Write the object of a call or an upload."""
    content = {
        "model": model,
        "received_at": to_iso(received, "microseconds"),
        "source": source,
        "labels": [{"prediction_id": name, "label": label} for name, label in labels],
    }
    return _encode(content).encode("utf-8", "backslashreplace")
