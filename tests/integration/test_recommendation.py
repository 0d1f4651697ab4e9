"""From plays to recommendations: real handlers on moto, with a small music service that has two tastes."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.integration.conftest import ROOT
from tests.integration.loop import handler, retrain, upload

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

ROCK = [f"rock-{number}" for number in range(30)]
JAZZ = [f"jazz-{number}" for number in range(30)]


@pytest.fixture
def listening(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    """The table of what was heard last."""
    name = f"listening-{aws.lake}"
    boto3.client("dynamodb", endpoint_url=aws.endpoint).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "listener", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "listener", "AttributeType": "S"}],
    )
    monkeypatch.setenv("REFRAIN_LISTENING_TABLE", name)
    return name


def plays(listeners: int = 60, each: int = 12, seed: int = 1) -> list[dict[str, Any]]:
    """Listeners with an even number like rock, the others jazz; each hears some songs, one an hour."""
    draw = random.Random(seed)
    rows = []
    for number in range(listeners):
        liked = ROCK if number % 2 == 0 else JAZZ
        weights = [1 / (place + 2) for place in range(len(liked))]
        for hour, song in enumerate(draw.choices(liked, weights, k=each)):
            rows.append(
                {
                    "listener": f"u{number}",
                    "song": song,
                    "played_at": f"2026-11-{1 + hour:02d}T{draw.randrange(24):02d}:00:00Z",
                    "seconds": 180,
                    "title": song.title(),
                    "artist": "The Band" if song in ROCK else "The Trio",
                }
            )
    return rows


def ask(*instances: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    event = json.loads((ROOT / "events" / "6-predict.json").read_text())
    event |= {"path": "/v1/models/songs:predict", "body": json.dumps({"instances": instances})}
    answer = handler("inference")(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_listener_is_offered_songs_of_the_same_taste(aws: Aws, listening: str) -> None:
    upload(aws, "songs/plays.csv", plays())
    ended = retrain("songs")
    print(ended)
    status, answer = ask({"user": "u0", "k": 5}, {"history": ["jazz-1", "jazz-2"]}, {"user": "nobody"})
    print(json.dumps(answer, indent=1))
    assert status == 200
