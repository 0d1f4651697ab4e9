"""From interactions to recommendations: real handlers on moto, with a small music service that has two tastes."""

from __future__ import annotations

import gzip
import json
import random
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from preprocessing import RecommenderDefinition, load_definition
from preprocessing.model_rules import Recommending
from refrain.aws import table as table_module
from refrain.aws.storage import open_store
from refrain.errors import ServiceUnavailable
from refrain.lake.evaluation import Evaluation
from refrain.monitoring.monitor import monitor_model
from refrain.recommendation.histories import MAX_HISTORY_ITEMS
from refrain.recommendation.history_table import HistoryTable
from refrain.serving.registry.registry import Registry, registry
from tests.integration.conftest import ROOT
from tests.integration.loop import compare, deliver, handler, retrain, snapshot_of, upload
from tests.unit.monitoring.world import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.lake.monitoring_report import MonitoringReport
    from tests.integration.conftest import Aws

ROCK = [f"rock-{number}" for number in range(30)]
JAZZ = [f"jazz-{number}" for number in range(30)]
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def table(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    """The table of histories, and the definition of the example."""
    aws.define("songs")
    name = f"history-{aws.lake}"
    boto3.client("dynamodb", endpoint_url=aws.endpoint).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}],
    )
    monkeypatch.setenv("REFRAIN_HISTORY_TABLE", name)
    return name


def interactions(
    users: int = 60, each: int = 12, seed: int = 1, likes: tuple[list[str], ...] = (ROCK, JAZZ)
) -> list[Row]:
    """Make users who like one kind of music each, in turn, with one interaction a day."""
    draw = random.Random(seed)
    rows = []
    for number in range(users):
        liked = likes[number % len(likes)]
        weights = [1 / (place + 2) for place in range(len(liked))]
        for day, song in enumerate(draw.choices(liked, weights, k=each), 1):
            rows.append(interaction(f"u{number}", song, f"2026-11-{day:02d}T{draw.randrange(24):02d}:00:00Z"))
    return rows


def interaction(listener: str, song: str, at: str) -> Row:
    artist = "The Band" if song.startswith("rock") else "The Trio"
    return {
        "listener": listener,
        "song": song,
        "played_at": at,
        "seconds": 180,
        "title": song.title(),
        "artist": artist,
    }


def ask(*instances: Row) -> tuple[int, dict[str, Any]]:
    return call("POST", "/v1/models/songs:predict", {"instances": list(instances)})


def call(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    event = json.loads((ROOT / "events" / "14-predict.json").read_text())
    event |= {"httpMethod": method, "path": path, "body": None if body is None else json.dumps(body)}
    answer = handler("inference")(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def recommended(instance: Row) -> list[str]:
    status, answer = ask(instance)
    assert status == 200, answer
    return [item["id"] for item in answer["predictions"][0]["items"]]


def kinds(items: list[str]) -> set[str]:
    return {item.partition("-")[0] for item in items}


@pytest.fixture
def trained(aws: Aws, table: str) -> dict[str, Any]:
    """A service with uploaded interactions, whose recommender is in service."""
    upload(aws, "songs/interactions.csv", interactions())
    ended = retrain("songs")
    assert ended["outcome"] == "promoted", ended
    return ended


def test_recommendations_are_like_the_history_of_the_user(aws: Aws, trained: dict[str, Any]) -> None:
    seen = {row["song"] for row in interactions() if row["listener"] == "u0"}

    status, answer = ask({"user": "u0", "k": 5}, {"history": ["jazz-1", "jazz-2"], "k": 3})

    rock, jazz = answer["predictions"]
    assert (status, answer["model_version"]) == (200, trained["champion"])
    assert kinds([item["id"] for item in rock["items"]]) == {"rock"}
    assert seen.isdisjoint(item["id"] for item in rock["items"])
    assert kinds([item["id"] for item in jazz["items"]]) == {"jazz"}
    assert (len(rock["items"]), len(jazz["items"])) == (5, 3)
    first = jazz["items"][0]
    assert (first["title"], first["artist"]) == (first["id"].title(), "The Trio")
    scores = [item["score"] for item in rock["items"]]
    assert scores == sorted(scores, reverse=True)
    assert "popular" not in rock


def test_an_unknown_user_gets_popular_items_marked_as_such(aws: Aws, trained: dict[str, Any]) -> None:
    _, answer = ask({"user": "nobody"}, {"history": []}, {"history": ["never seen"]}, {"user": "u0"})

    *unknown, known = answer["predictions"]
    assert all(each["popular"] for each in unknown)
    assert len({json.dumps(each["items"]) for each in unknown}) == 1
    assert kinds([item["id"] for item in unknown[0]["items"]]) == {"rock", "jazz"}
    assert "popular" not in known


def test_the_next_request_knows_a_new_interaction(aws: Aws, trained: dict[str, Any]) -> None:
    before = ask({"user": "new"})[1]["predictions"][0]

    upload(aws, "songs/today.csv", [interaction("new", song, "2026-11-24T10:00:00Z") for song in ("jazz-0", "jazz-3")])

    after = ask({"user": "new"})[1]["predictions"][0]
    assert before["popular"]
    assert "popular" not in after
    assert kinds([item["id"] for item in after["items"]]) == {"jazz"}


def test_lists_respect_the_filters_of_the_request(aws: Aws, trained: dict[str, Any]) -> None:
    best = recommended({"history": ["rock-1"], "k": 4})

    assert recommended({"history": ["rock-1"], "k": 3, "exclude": best[:1]}) == best[1:]
    assert set(recommended({"history": ["rock-1"], "within": ["jazz-1", "rock-2", "rock-1"]})) == {"jazz-1", "rock-2"}
    assert "rock-1" in recommended({"history": ["rock-1"], "exclude_seen": False, "within": ["rock-1"]})
    assert recommended({"history": ["rock-1"], "within": ["never seen"]}) == []
    assert recommended({"history": ["  rock-1 "], "k": 4}) == best
    assert recommended({"history": ["rock-1", "rock-1"], "k": 4}) == best


@pytest.mark.parametrize(
    ("instance", "column", "reason"),
    [
        ({"k": 3}, None, "expected a user, or a history (which may be empty)"),
        ({"user": "u1", "k": 0}, "k", "expected a whole number from 1 to 100"),
        ({"user": "u1", "k": True}, "k", "expected a whole number from 1 to 100"),
        ({"user": "u1", "k": 101}, "k", "expected a whole number from 1 to 100"),
        ({"history": "rock-1"}, "history", "expected a list of items"),
        ({"user": "u1", "within": {"a": 1}}, "within", "expected a list of items"),
        ({"user": "u1", "exclude_seen": "no"}, "exclude_seen", "expected true or false"),
        ({"user": ["u1"]}, "user", "expected text"),
        ({"history": ["rock-1", {"id": 2}]}, "history", "expected text"),
        ({"history": ["x"] * 10_001}, "history", "expected at most 10000 items"),
    ],
)
def test_an_invalid_instance_is_refused_by_its_field(
    aws: Aws, trained: dict[str, Any], instance: Row, column: str | None, reason: str
) -> None:
    status, problem = ask({"user": "u1"}, instance)

    assert (status, problem["code"]) == (422, "invalid_instances")
    assert (problem["problems"][0]["instance"], problem["problems"][0]["column"]) == (1, column)
    assert problem["problems"][0]["reason"].startswith(reason)


def test_other_requests_to_a_recommender_are_refused_with_advice(aws: Aws, trained: dict[str, Any]) -> None:
    assert call("POST", "/v2/models/songs/infer", {"inputs": []})[1]["code"] == "no_tensors"
    assert call("POST", "/v1/models/songs:label", {"labels": []})[1]["code"] == "no_labels"
    aws.put("songs/labels/late.csv", b"prediction_id,label\na,b\n")
    deliver(aws, "songs/labels/late.csv")
    assert [each["code"] for each in aws.receipts("songs") if each["status"] == "refused"] == ["no_labels"]


def test_a_recommender_describes_itself(aws: Aws, trained: dict[str, Any]) -> None:
    _, model = call("GET", "/v1/models/songs")
    _, openapi = call("GET", "/openapi.json")

    assert (model["task"], model["target"], model["metric"]) == ("recommendation", "song", "ndcg@10")
    assert set(model["schema"]["properties"]) == {"user", "history", "k", "exclude", "exclude_seen", "within"}
    assert "/v1/models/songs:label" not in openapi["paths"]
    item = openapi["components"]["schemas"]["songs.prediction"]["properties"]["items"]["items"]
    assert set(item["properties"]) == {"id", "score", "title", "artist"}


def test_popularity_is_the_floor_and_the_better_candidate_is_promoted(aws: Aws, table: str) -> None:
    upload(aws, "songs/interactions.csv", interactions())

    run = compare("songs")

    evaluation = json.loads(aws.read(run.evaluation["evaluation"]))
    figures = {each["figures"]["name"]: each["figures"] for each in evaluation["candidates"]}
    assert run.evaluation["decision"]["code"] == "first_model"
    assert figures["filtered"]["value"] > evaluation["stakes"]["trivial"]
    for each in figures.values():
        assert (each["parity"]["differing"], each["golden"]["differing"]) == (0, 0)
        assert each["parity"]["rows"] == evaluation["users"]
    beyond = evaluation["candidates"][1]["beyond_accuracy"]
    assert 0 < beyond["coverage"] <= 1
    assert beyond["novelty"] > 0
    report = run.finish()["report"]
    page = aws.read(report.split("/", 3)[3]).decode()
    assert "NDCG@10" in page
    assert "is better than the most popular items" in page


def test_a_refit_takes_over_the_parameters_that_were_chosen_and_the_report_names_them(
    aws: Aws, trained: dict[str, Any]
) -> None:
    refitted = json.loads(aws.read(f"versions/songs/{trained['champion']}/manifest.json"))
    judged = json.loads(aws.read(f"versions/songs/{refitted['judged']}/manifest.json"))

    assert set(judged["chosen"]) == {"half_life_days", "regularization", "share", "factors"}
    assert refitted["chosen"] == judged["chosen"]
    page = aws.read(trained["report"].split("/", 3)[3]).decode()
    assert f"share {judged['chosen']['share']:g}" in page


def test_a_run_with_the_same_interactions_has_nothing_to_learn(aws: Aws, trained: dict[str, Any]) -> None:
    again = snapshot_of("songs")

    assert (again["enough"], "nothing is new" in again["why"]) == (False, True)


def test_a_later_recommender_is_compared_with_the_champion_on_the_same_users(aws: Aws, trained: dict[str, Any]) -> None:
    upload(aws, "songs/more.csv", interactions(users=30, each=8, seed=5))

    run = compare("songs")

    assert run.evaluation["champion"]["version"] == trained["champion"]
    assert run.evaluation["champion"]["value"] is not None
    assert all(each["gain"] is not None for each in run.evaluation["candidates"])


def test_the_champion_is_measured_by_users_of_whose_later_choices_it_learned_none(
    aws: Aws, trained: dict[str, Any]
) -> None:
    taste = {f"u{number}": (JAZZ, ROCK)[number % 2] for number in range(40)}
    later = [
        interaction(user, song, f"2026-11-{20 + number // 4:02d}T1{number % 4}:00:00Z")
        for user, songs in taste.items()
        for number, song in enumerate(songs[10:22])
    ]
    upload(aws, "songs/later.csv", later)

    run = compare("songs")

    since = Evaluation.read(open_store(aws.lake), "songs", run.evaluation["run"]).since_cut
    assert since is not None
    assert (since.version, since.rows) == (trained["champion"], 40)
    page = aws.read(run.finish()["report"].split("/", 3)[3]).decode()
    assert "on 40 held-out users of whose choices it had learned none" in page


def test_descriptions_of_items_can_be_uploaded_alone(aws: Aws, table: str) -> None:
    upload(aws, "songs/interactions.csv", [row | {"title": ""} for row in interactions()])
    upload(aws, "songs/items/titles.csv", [{"song": "rock-0", "title": "Zero", "artist": "Somebody"}])
    retrain("songs")

    _, answer = ask({"history": ["rock-1"], "within": ["rock-0", "rock-2"], "k": 2})

    about = {item["id"]: item for item in answer["predictions"][0]["items"]}
    assert (about["rock-0"]["title"], about["rock-0"]["artist"]) == ("Zero", "Somebody")
    assert about["rock-2"]["artist"] == "The Band"
    assert "title" not in about["rock-2"]
    assert sorted(receipt["kind"] for receipt in aws.receipts("songs")) == ["items", "rows"]


def test_an_item_that_nobody_has_chosen_is_offered_by_its_descriptions(aws: Aws, trained: dict[str, Any]) -> None:
    rows = [
        {"song": "jazz-new", "title": "Jazz-New", "artist": "The Trio"},
        {"song": "odd", "title": "Qq", "artist": "Z"},
    ]
    upload(aws, "songs/items/new.csv", rows)
    retrain("songs")
    # The champion was refreshed or replaced: what serves has learned of the new song
    registry.cache_clear()

    jazz, rock = (recommended({"history": [f"{kind}-1", f"{kind}-2"], "k": 40}) for kind in ("jazz", "rock"))

    assert jazz.index("jazz-new") < 30
    assert "jazz-new" not in rock[:25]
    assert recommended({"history": ["jazz-1"], "within": ["odd"]}) == []


def test_new_descriptions_are_something_new_to_learn(aws: Aws, trained: dict[str, Any]) -> None:
    upload(aws, "songs/items/titles.csv", [{"song": "rock-0", "title": "Zero", "artist": "Somebody"}])

    assert snapshot_of("songs")["enough"]


def test_the_same_upload_again_leaves_histories_unchanged(aws: Aws, table: str) -> None:
    upload(aws, "songs/interactions.csv", interactions(users=4))
    before = entries(aws, table)

    receipts = aws.objects("receipts/songs/")
    aws.s3.delete_object(Bucket=aws.lake, Key=receipts[0])  # as if it had been killed before its receipt was written
    deliver(aws, "songs/interactions.csv")

    assert entries(aws, table) == before
    assert aws.objects("receipts/songs/") == receipts
    assert len(aws.objects("interactions/songs/")) == 1


def test_simultaneous_uploads_lose_no_interaction(aws: Aws, table: str) -> None:
    histories = HistoryTable(table)
    news = [{f"song-{thread}-{number}": number for number in range(20)} for thread in range(6)]
    threads = [threading.Thread(target=histories.update, args=("songs", {"u1": each})) for each in news]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen = histories.read("songs", ["u1", "u2"])
    assert set(seen["u1"]) == {song for each in news for song in each}
    assert seen["u2"] == []


def test_a_history_is_bounded_and_in_the_order_of_interactions(aws: Aws, table: str) -> None:
    histories = HistoryTable(table)
    for start in (1000, 0, 500):
        histories.update("songs", {"u1": {f"s{number}": number for number in range(start, start + 500)}})

    assert histories.read("songs", ["u1"])["u1"] == [f"s{number}" for number in range(1000, 1000 + MAX_HISTORY_ITEMS)]
    assert histories.update("songs", {"u1": {"s3": 3}, "u2": {"s1": 1}}) == 1


def test_many_histories_are_read_at_once(aws: Aws, table: str) -> None:
    histories = HistoryTable(table)
    for start in (0, 60):
        histories.update("songs", {f"u{number}": {f"s{number}": 1} for number in range(start, start + 60)})

    seen = histories.read("songs", [f"u{number}" for number in range(120)])

    assert seen == {f"u{number}": [f"s{number}"] for number in range(120)}


def test_when_the_table_fails_popular_items_are_recommended_and_marked(
    aws: Aws, trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFRAIN_HISTORY_TABLE", "there-is-none")

    _, answer = ask({"user": "u0"}, {"history": ["jazz-1"]})

    first, second = answer["predictions"]
    assert (first["popular"], first["history"]) == (True, "unavailable")
    assert "popular" not in second
    assert "HistoryUnavailable" in capsys.readouterr().out


def test_ingest_retries_when_the_table_fails(aws: Aws, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bool:
        raise ServiceUnavailable("dynamodb:PutItem", "throttled")

    aws.put("songs/interactions.csv", csv_of(interactions(users=3)))
    with monkeypatch.context() as patched, pytest.raises(AssertionError):
        patched.setattr(HistoryTable, "update", refuse)
        deliver(aws, "songs/interactions.csv")
    assert aws.receipts("songs") == []

    deliver(aws, "songs/interactions.csv")
    assert [each["status"] for each in aws.receipts("songs")] == ["kept"]
    assert len(entries(aws, table)) == 3


def test_other_models_never_load_the_client_of_the_table(aws: Aws, table: str) -> None:
    aws.define("tumours")
    upload(aws, "tumours/none.csv", [{"id": "p1", "mean_radius": 1}])

    assert table_module._client.cache_info().currsize == 0


def test_recommendations_are_captured_and_later_interactions_are_their_labels(
    aws: Aws, trained: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for number in range(40):
        ask({"user": f"u{number}", "k": 10})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"capture"')]
    asked = datetime.now(UTC)
    key = f"captured/songs/{asked:%Y/%m/%d/%H}/a.jsonl.gz"
    aws.s3.put_object(Bucket=aws.lake, Key=key, Body=gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    recommendations = {row["instance"]["user"]: row["items"] for line in lines for row in line["rows"]}
    later = f"{asked + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
    taken = [interaction(user, items[0], later) for user, items in list(recommendations.items())[:10]]
    others = [interaction(user, "brand-new", later) for user in list(recommendations)[10:]]
    upload(aws, "songs/later.csv", taken + others)

    report = monitor(aws, asked + timedelta(hours=25))

    assert len(recommendations) == 40
    hits = report.hits
    assert hits is not None
    assert hits.rate is not None
    assert (hits.recommendations, hits.answered, hits.taken) == (40, 40, 10)
    assert hits.rate.low < 0.25 < hits.rate.high


def test_lists_that_explore_are_captured_with_the_chances_of_their_items(
    aws: Aws, trained: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = load_definition(ROOT / "examples" / "songs.toml")
    assert isinstance(songs, RecommenderDefinition)
    exploring = replace(songs, recommending=Recommending(explore=0.2))
    monkeypatch.setattr(Registry, "definition", lambda _registry, _model: exploring)
    capsys.readouterr()

    ask(*({"user": f"u{number % 60}", "k": 5} for number in range(200)), {"user": "u0", "within": ROCK[:20]})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"capture"')]

    rows = [row for line in lines for row in line["rows"]]
    chances = [chance for row in rows[:200] for chance in row["propensities"]]
    assert "propensities" not in rows[200]
    assert set(chances) == {0.8, round(0.2 * 5 / 15, 6)}
    assert 100 < sum(chance < 0.5 for chance in chances) < 300
    assert all(len({*row["items"]}) == 5 for row in rows[:200])


def test_monitoring_notices_a_change_of_taste_and_new_items(aws: Aws, trained: dict[str, Any]) -> None:
    now = datetime.now(UTC).replace(minute=30)  # an hour is judged a quarter of an hour after its end
    (learned,) = aws.objects("interactions/songs/")
    take_for_uploaded(aws, learned, now - timedelta(hours=1))  # S3 knows seconds, and the run may take less than one
    reports = []
    for day in range(1, 3):
        folk = [f"folk-{number}" for number in range(20)]
        rows = interactions(users=60, each=6, seed=day, likes=(folk, JAZZ))
        before = set(aws.objects("interactions/songs/"))
        upload(aws, f"songs/day-{day}.csv", rows)
        (fresh,) = set(aws.objects("interactions/songs/")) - before
        take_for_uploaded(aws, fresh, now + timedelta(hours=24 * day))
        reports.append(monitor(aws, now + timedelta(hours=25 * day)))

    first, second = reports
    assert (first.state, second.state) == ("watch", "drifted")
    assert second.window is not None
    drifted = {distribution.name for distribution in second.window.distributions if distribution.drifted}
    assert {"song", "item known to the model"} <= drifted
    assert second.window.unfamiliar == pytest.approx(0.5, abs=0.01)
    assert second.decision.start
    page = aws.read(f"monitoring/songs/{second.time.replace(':', '').replace('-', '')}.html").decode()
    assert "Were the recommendations taken?" in page


def monitor(aws: Aws, now: datetime) -> MonitoringReport:
    """Write the monitoring report of a time."""
    definition = load_definition(ROOT / "examples" / "songs.toml")
    return monitor_model(open_store(aws.lake), Recorder(), definition, now)


def take_for_uploaded(aws: Aws, key: str, at: datetime) -> None:
    """Store the interactions of an upload under the key of another time."""
    digest = key.rpartition("/")[2].split("-", 1)[1]
    aws.s3.put_object(
        Bucket=aws.lake, Key=f"interactions/songs/{at:%Y/%m/%d/%H/%Y%m%dT%H%M%S%f}-{digest}", Body=aws.read(key)
    )
    aws.s3.delete_object(Bucket=aws.lake, Key=key)


def entries(aws: Aws, table: str) -> dict[str, str]:
    """The whole table."""
    items = boto3.client("dynamodb", endpoint_url=aws.endpoint).scan(TableName=table)["Items"]
    return {item["user"]["S"]: item["items"]["S"] for item in items}


def csv_of(rows: list[Row]) -> bytes:
    names = list(rows[0])
    return "\n".join([",".join(names), *(",".join(str(row[name]) for name in names) for row in rows)]).encode()
