"""Asks a recommender for the most that one request may ask, and prints what the process took; run by a test.

python -m tests.unit.serving.largest_recommendation <graph> <items>
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from preprocessing import RecommenderDefinition, parse_definition
from refrain.lake.version import CatalogueItems
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation.histories import MAX_HISTORY_ITEMS
from refrain.serving.http.requests import MAX_INSTANCES, HttpRequest
from refrain.serving.recommendation import answer_recommendations
from tests.stored import make_manifest

if TYPE_CHECKING:
    from refrain.serving.registry.registry import Registry

SONGS: dict[str, Any] = {
    "task": "recommendation",
    "columns": {"who": {"type": "category", "role": "user"}, "song": {"type": "category", "role": "item"}},
    "training": {"candidates": [{"name": "ease", "estimator": "refrain.recommenders.Ease"}]},
}


class Definitions:
    """The part of a registry that answering needs."""

    def __init__(self, definition: RecommenderDefinition) -> None:
        self._definition = definition

    def definition(self, _model: str) -> RecommenderDefinition:
        """Return the only definition."""
        return self._definition


def peak_megabytes() -> float:
    """Read the most memory that this process held."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def main(graph: Path, items: int) -> None:
    """Load the graph, and ask for as many lists, with histories as long, as a request may."""
    definition = cast("RecommenderDefinition", parse_definition("songs", SONGS, "songs.toml"))
    model = graph.read_bytes()
    ids = tuple(f"s{code}" for code in range(items))
    catalogue = CatalogueItems(ids, {})
    recommender = RecommenderModel.load(make_manifest(definition, model_bytes=len(model)), model, catalogue)
    del model
    draws = np.random.default_rng(1).integers(0, items, (MAX_INSTANCES, MAX_HISTORY_ITEMS))
    instances = [{"history": [ids[code] for code in codes], "k": 100} for codes in draws.tolist()]
    request = HttpRequest("POST", "/", {}, json.dumps({"instances": instances}), encoded=False, id="")
    del instances
    started = time.process_time()
    registry = cast("Registry", Definitions(definition))
    answer = answer_recommendations(registry, request, recommender, request.document()["instances"])
    lists = [len(prediction["items"]) for prediction in answer["predictions"]]
    seconds = time.process_time() - started
    print(json.dumps({"lists": sum(lists), "seconds": seconds, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
