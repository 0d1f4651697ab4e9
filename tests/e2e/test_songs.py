"""The first part of the story of songs, on a smaller simulated service: new interactions are known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.demo.songs.repertoire import Plan
from local.demo.songs.simulation import Service, simulate
from local.demo.songs.songs_story import STRANGER, learn, listen, some_listener

if TYPE_CHECKING:
    from local.stack_client import StackClient

PLAN = Plan(listeners=80, artists=20, songs=120, releases=5, before=14, watched=1, shift=0.5, hit=0.5)


@pytest.fixture(scope="module")
def service() -> Service:
    return simulate(PLAN)


@pytest.fixture(scope="module")
def learned(client: StackClient, service: Service) -> dict[str, Any]:
    return learn(client, service)


def test_two_weeks_of_interactions_become_a_recommender(learned: dict[str, Any]) -> None:
    assert learned["outcome"] == "promoted"


def test_the_next_request_knows_the_newest_interaction(
    client: StackClient, service: Service, learned: dict[str, Any]
) -> None:
    before, after = listen(client, service, some_listener(service))
    names = dict(zip(service.songs.ids.tolist(), service.songs.titles.tolist(), strict=True))

    assert len(before) == len(after) == 10
    assert before[0]["id"] not in {each["id"] for each in after}
    assert all(names[each["id"]] == each["title"] and each["artist"] for each in before + after)
    _, served, _ = client.predict("songs", [{"user": STRANGER}])
    assert served["model_version"] == learned["champion"]
    assert served["predictions"][0]["popular"] is True
