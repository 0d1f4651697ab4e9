"""A shop: three features, an honest model of them, and days of predictions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.unit.monitoring.world import BEGINNING, Floats, Row, World
from tests.unit.serving.tiny import Lake

DOCUMENT: dict[str, Any] = {
    "task": "classification",
    "target": "bought",
    "columns": {
        "age": {"type": "number"},
        "amount": {"type": "number"},
        "city": {"type": "category"},
        "bought": {"type": "boolean"},
    },
    "training": {"candidates": [{"name": "given", "estimator": "sklearn.linear_model.LogisticRegression"}]},
    "gate": {"min_metric": 0.6},
    "retraining": {"on_drift": True},
}
IMPORTANCE = {"age": 0.2, "amount": 0.05, "city": -0.01}


@dataclass
class Shop:
    """The shop's world; what is asked on a day depends on the seed alone."""

    world: World
    version: str

    def day(
        self, day: int, *, rows: int = 300, older: float = 0.0, city: str = "", fuzzy: float = 1.0, seed: int = 0
    ) -> list[str]:
        """Have a day's predictions captured: of older people, of a new city, of an unsure model."""
        people, answers, _ = customers(rows, seed=1000 + 31 * day + seed, older=older, city=city, fuzzy=fuzzy)
        begun = BEGINNING + timedelta(days=day)
        times = [begun + timedelta(seconds=86000 * place / rows) for place in range(rows)]
        return self.world.ask(self.version, people, answers, times)

    def evening(self, day: int) -> datetime:
        """When a day has been delivered."""
        return BEGINNING + timedelta(days=day + 1, minutes=20)


def customers(
    rows: int, *, seed: int, older: float = 0.0, city: str = "", fuzzy: float = 1.0
) -> tuple[list[Row], Floats, list[bool]]:
    """Draw people, a calibrated model's answers to them, and what they did."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 10, rows) + older
    amount = np.where(random.random(rows) < 0.5, 0.0, random.lognormal(3, 1, rows))
    cities = random.choice(["Oslo", "Rome", "Bonn"], rows)
    if city:
        cities = np.where(random.random(rows) < 0.3, city, cities)
    chance = 1 / (1 + np.exp(-fuzzy * ((age - older - 40) / 5)))
    bought = random.random(rows) < chance
    people: list[Row] = [
        {"age": float(age[row]), "amount": float(amount[row]), "city": str(cities[row]), "bought": bool(bought[row])}
        for row in range(rows)
    ]
    return people, np.column_stack([1 - chance, chance]), [bool(each) for each in bought]


@pytest.fixture
def shop() -> Shop:
    world = World.of(Lake(), "shop", DOCUMENT)
    people, answers, _ = customers(3000, seed=1)
    return Shop(world, world.serve(people, answers, importance=IMPORTANCE))
