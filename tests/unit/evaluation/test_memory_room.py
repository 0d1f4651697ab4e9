"""What inference can hold, as a table of sizes."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import Gate
from refrain.evaluation.memory_room import explain_too_large
from refrain.lake.evaluation import Figures, ModelSummary
from refrain.lake.footprint import Footprint
from refrain.process_memory import MEGABYTE

INFERENCE = 1769 * MEGABYTE
FOREST = "sklearn.ensemble.RandomForestRegressor"


def sized(name: str, megabytes: float | None, **more: Any) -> Figures:
    footprint = None if megabytes is None else Footprint(int(megabytes * 1e6), int(megabytes * 1e6), 0.1)
    return Figures(name, f"1-{name}", footprint=footprint, **more)


def explained(
    megabytes: float | None,
    *,
    champion: float | None = None,
    allowed: float | None = None,
    estimator: str = FOREST,
    **more: Any,
) -> str | None:
    """Say why a forest of this size is refused, None when it is not."""
    gate = Gate(None, None, 0.95, None, allowed)
    beside = sized("champion", champion) if champion is not None else None
    candidates = [ModelSummary(sized("forest", megabytes, **more), estimator)]
    return explain_too_large(gate, INFERENCE, beside, candidates).get("1-forest")


CASES = {
    "half of what models may take": ((645,), {}, None),
    "more than half": (
        (660,),
        {},
        "forest would hold 629 MB in inference, which has 1,769 MB and so 616 MB for one version: "
        "train fewer trees, or set max_leaf_nodes, or give inference more memory.",
    ),
    "more than all": ((2082,), {}, "forest would hold 1,986 MB in inference, which has 1,769 MB"),
    "evaluation had no memory for it": (
        (2900,),
        {"error": "out of memory"},
        "forest would hold more than 2,766 MB in inference, which has 1,769 MB",
    ),
    "never measured": ((None,), {}, None),
    "allowed by the gate": ((1200,), {"allowed": 1200}, None),
    "not allowed by the gate": ((53,), {"allowed": 50}, "in inference, where gate.max_memory_mb allows 50 MB"),
    "beside a small champion": ((600,), {"champion": 600}, None),
    "beside a champion of the time before this gate": (
        (300,),
        {"champion": 1000},
        "forest would hold 286 MB in inference, which has 1,769 MB and so 278 MB beside the champion",
    ),
    "allowed by the gate, but not by the champion": (
        (700,),
        {"champion": 700, "allowed": 1200},
        "564 MB beside the champion",
    ),
    "beside a champion that takes everything": ((1,), {"champion": 5000}, "0.0 MB beside the champion"),
}


@pytest.mark.parametrize(("sizes", "options", "words"), CASES.values(), ids=CASES)
def test_a_version_is_refused_when_inference_cannot_hold_it(
    sizes: tuple[float | None], options: dict[str, Any], words: str | None
) -> None:
    sentence = explained(*sizes, **options)

    assert (sentence is None) == (words is None)
    assert (words or "") in (sentence or "")


@pytest.mark.parametrize(
    ("estimator", "cure"),
    [
        (FOREST, "train fewer trees"),
        ("sklearn.tree.DecisionTreeClassifier", "set max_leaf_nodes"),
        ("sklearn.neighbors.KNeighborsClassifier", "shorten training.window"),
        ("refrain.recommenders.Ease", "take fewer neighbours or factors"),
        ("sklearn.linear_model.Ridge", "take a smaller estimator"),
    ],
)
def test_the_sentence_says_what_makes_this_estimator_smaller(estimator: str, cure: str) -> None:
    assert f": {cure}" in str(explained(900, estimator=estimator))
