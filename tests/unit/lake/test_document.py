from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from refrain.errors import InvalidDocument
from refrain.lake.document import Document


@dataclass(frozen=True)
class Part(Document):
    name: str
    rows: int
    share: float | None = None


@dataclass(frozen=True)
class Whole(Document):
    kind: Literal["a", "b"]
    parts: tuple[Part, ...]
    bounds: tuple[float, float] | None
    figures: dict[str, float]
    notes: dict[str, Any]
    texts: list[str]


WHOLE = Whole("a", (Part("x", 1), Part("y", 2, 0.5)), (0.0, 1.0), {"auc": 0.5}, {"free": [1, None]}, ["t"])


def test_what_is_written_is_what_is_read() -> None:
    content = WHOLE.to_json()

    assert content["parts"][1] == {"name": "y", "rows": 2, "share": 0.5}
    assert Whole.from_json({**content, "parts": list(content["parts"]), "bounds": [0, 1]}) == WHOLE


def test_a_field_with_a_default_may_be_absent_and_an_unknown_one_is_ignored() -> None:
    assert Part.from_json({"name": "x", "rows": 1, "later": True}) == Part("x", 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "c"}, "Whole.kind"),
        ({"parts": [{"name": "x"}]}, "Part.rows: expected a value, got nothing"),
        ({"parts": [{"name": "x", "rows": "1"}]}, "Part.rows: expected int, got '1'"),
        ({"parts": [{"name": "x", "rows": True}]}, "Part.rows: expected int, got True"),
        ({"parts": {}}, "Whole.parts"),
        ({"parts": [3]}, "Part: expected an object, got 3"),
        ({"bounds": [1.0]}, "Whole.bounds: expected 2 items, got 1"),
        ({"figures": {"auc": "high"}}, "Whole.figures.auc: expected float, got 'high'"),
        ({"texts": ["t", None]}, r"Whole.texts\[1\]: expected str, got None"),
    ],
)
def test_a_damaged_document_names_the_field(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidDocument, match=sentence):
        Whole.from_json({**WHOLE.to_json(), **change})
