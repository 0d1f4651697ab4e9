"""Real listeners of Last.fm through the whole loop (skipped where the data is absent): how good are the lists?

Known results are of models that learned from all training rows, as a refitted version has. It is asked with the whole
history, as a listener's next request is.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from local.cloud import Cloud
from local.stack_client import StackClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = """
task = "recommendation"

[source]
rename = { userID = "listener", artistID = "artist", id = "artist" }

[columns]
listener = { type = "category", role = "user" }
artist   = { type = "category", role = "item" }
weight   = { type = "number", role = "weight", min = 0 }
name     = { type = "category", role = "describe" }
"""
LISTENED = (
    COLUMNS
    + """
[training]
holdout = 0.05
[[training.candidates]]
name = "filtered"
estimator = "refrain.recommenders.FilteredEase"
regularization = 60
share = 1.0
factors = 128
"""
)
TAGGED = """
task = "recommendation"

[columns]
listener = { type = "category", role = "user" }
artist   = { type = "category", role = "item" }
at       = { type = "time", role = "time" }

[training]
holdout = 0.05
metric  = "hit_rate@10"
candidates = [{ name = "filtered", estimator = "refrain.recommenders.FilteredEase" }]
"""
SPLIT = """
task = "recommendation"

[columns]
listener = { type = "category", role = "user" }
artist   = { type = "category", role = "item" }

[training]
holdout = 0.05
candidates = [{ name = "filtered", estimator = "refrain.recommenders.FilteredEase" }]
"""
DEEP = 0.0743
"""S3-Rec's hits among ten; EASE has .0881 when it learns from all but the last event."""

AT_ONCE = 500
K = 10


@pytest.fixture(scope="module")
def radio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackClient]:
    """A cloud that knows three models more."""
    models = tmp_path_factory.mktemp("models")
    for name, definition in (("artists", LISTENED), ("tagged", TAGGED), ("split", SPLIT)):
        (models / f"{name}.toml").write_text(definition)
    with Cloud(folder=tmp_path_factory.mktemp("cloud"), models=models) as cloud:
        yield StackClient(cloud)


def test_the_champion_ranks_better_than_plain_ease_that_learned_from_all(radio: StackClient, data: Path) -> None:
    train, test = (lists(data / "lastfm" / "split" / f"{name}.txt") for name in ("train", "test"))
    promote(
        radio, "split", rows=[{"listener": user, "artist": item} for user, items in train.items() for item in items]
    )

    ranked = ask(radio, "split", [{"user": user, "k": K} for user in test])

    found = [ndcg(offers, set(items)) for offers, items in zip(ranked, test.values(), strict=True)]
    print(f"NDCG@{K} {np.mean(found):.4f} of {len(found)} listeners")
    assert np.mean(found) >= 0.213, "without its newest rows it would be 0.2105"


def test_the_champion_predicts_the_next_artist_better_than_published_deep_models(
    radio: StackClient, data: Path
) -> None:
    events = lists(data / "lastfm" / "sequences" / "LastFM.txt")
    rows = [
        {"listener": user, "artist": item, "at": 86400 + 60 * place}
        for user, items in events.items()
        for place, item in enumerate(items[:-1])
    ]
    promote(radio, "tagged", rows=rows)

    ranked = ask(radio, "tagged", [{"user": user, "k": K} for user in events])

    hits = [items[-1] in offers for offers, items in zip(ranked, events.values(), strict=True)]
    print(f"HR@{K} {np.mean(hits):.4f} of {len(hits)} listeners")
    assert np.mean(hits) >= 0.094 > DEEP, "without its newest rows it would be 0.0908"


def test_real_interactions_as_they_are_lead_to_lists_of_related_artists(radio: StackClient, data: Path) -> None:
    promote(
        radio,
        "artists",
        files={
            "user_artists.tsv": (data / "lastfm" / "user_artists.dat").read_bytes(),
            "items/artists.tsv": (data / "lastfm" / "artists.dat").read_bytes(),
        },
    )
    known = {row["name"]: row["id"] for row in csv.DictReader((data / "lastfm" / "artists.dat").open(), delimiter="\t")}

    for liked in (["Metallica", "Slayer"], ["Miles Davis", "John Coltrane"], ["Madonna", "Kylie Minogue"]):
        _, answer, _ = radio.predict("artists", [{"history": [known[name] for name in liked], "k": 8}])
        names = [item["name"] for item in answer["predictions"][0]["items"]]
        print(f"{' and '.join(liked)}: {', '.join(names)}")
        assert len(names) == 8


def promote(
    client: StackClient, model: str, rows: list[dict[str, Any]] | None = None, files: dict[str, bytes] | None = None
) -> None:
    """Upload, retrain, and see a version into service."""
    if rows is not None:
        lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
        files = {"plays.csv": "\n".join(lines).encode()}
    for name, content in (files or {}).items():
        client.upload(f"{model}/{name}", content)
        receipt = client.receipt(f"{model}/{name}")
        print(name, {each: receipt[each] for each in ("rows_read", "rows_kept", "rows_rejected", "seconds")})
    execution = client.retrain(model)
    for _ in client.states(execution):
        pass
    ended = client.outcome(execution)
    print(ended["reason"], ended["figures"])
    assert ended["outcome"] == "promoted", ended


def ask(client: StackClient, model: str, instances: list[dict[str, Any]]) -> list[list[str]]:
    """Ask for all, some at once."""
    found: list[list[str]] = []
    for start in range(0, len(instances), AT_ONCE):
        status, answer, _ = client.predict(model, instances[start : start + AT_ONCE])
        assert status == 200, answer
        assert not any(each.get("popular") for each in answer["predictions"])
        found += [[item["id"] for item in each["items"]] for each in answer["predictions"]]
    return found


def lists(path: Path) -> dict[str, list[str]]:
    """Read lines of a listener and artists."""
    return {user: items for user, *items in map(str.split, path.read_text().splitlines()) if items}


def ndcg(offers: list[str], chosen: set[str]) -> float:
    discounts = 1 / np.log2(np.arange(2, K + 2))
    hits = np.array([each in chosen for each in offers], float)
    return float(hits @ discounts[: len(hits)] / discounts[: min(K, len(chosen))].sum())
