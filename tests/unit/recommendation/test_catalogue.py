"""The items of a version: their codes and descriptions."""

from __future__ import annotations

import numpy as np

from preprocessing import objects
from refrain.recommendation.catalogue import Catalogue


def test_codes_follow_popularity_and_never_ids() -> None:
    names = [f"id{number:03d}" for number in range(200)]
    items = objects([*names, "id150", "id150", "id007"])

    catalogue = Catalogue.of(items)

    assert catalogue.items[:2] == ("id150", "id007")
    rest = [int(item[2:]) for item in catalogue.items[2:]]
    ordered = np.corrcoef(rest, np.arange(len(rest)))[0, 1]
    assert abs(ordered) < 0.3


def test_a_catalogue_is_read_as_it_was_written() -> None:
    catalogue = Catalogue.of(objects(["b", "a", "b"]), {"title": {"a": "Alpha"}})

    again = Catalogue.from_json(catalogue.to_json())

    assert again.items == ("b", "a")
    assert (again.describe(0), again.describe(1)) == ({"id": "b"}, {"id": "a", "title": "Alpha"})


def test_new_items_come_after_those_that_training_learned() -> None:
    texts = {"title": {"a": "Alpha", "c": "Gamma", "d": "Delta"}}
    learned, new = Catalogue.of(objects(["b", "a", "b"]), texts), Catalogue.of(objects(["c", "d", "e"]), texts)

    extended = Catalogue.from_json(learned.extended(new, new.coded(["d", "e"]).tolist()).to_json())

    assert (extended.learned, extended.items) == (("b", "a"), ("b", "a", "d", "e"))
    assert extended.described == {"title": [None, "Alpha", "Delta", None]}
    assert Catalogue(("b",), {}).learned == ("b",)
