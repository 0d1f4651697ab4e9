"""Forgetting on S3 with versions: a scan of all bytes of all versions of all objects finds nothing of the people."""

from __future__ import annotations

import gzip
import io
import json
import uuid
import zipfile
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import boto3
import numpy as np
import pyarrow.parquet as pq
import pytest
from moto.s3.models import FakeKey, s3_backends

from cli.app import main
from local.names import ACCOUNT, REGION
from refrain.aws.object_versions import ObjectVersions
from refrain.aws.storage import Store, open_store
from refrain.errors import ExecutionsUnderWay, ForgettingUnderWay
from refrain.forgetting.forget import ForgettingStack, forget_people
from refrain.forgetting.forgotten_snapshots import SIDES
from refrain.forgetting.people import read_people
from refrain.ingest import upload as upload_module
from refrain.ingest import upload_kinds
from refrain.lake.capture.reading import captured_key
from refrain.lake.deployment import Deployment
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.lake.label import write_labels
from refrain.lake.learned_rows import read_row_hashes
from refrain.lake.model_definition import find_definition
from refrain.lake.receipt import Receipt
from refrain.lake.snapshot import list_runs, read_snapshot_rows
from refrain.lake.version import Golden, list_versions
from refrain.monitoring.monitor import monitor_model
from refrain.recommendation.history_table import HistoryTable
from refrain.serving.registry.registry import registry
from refrain.statistics.hashing import row_hashes, salted_hashes
from tests.integration.loop import deliver, handler, retrain, snapshot_of, upload
from tests.integration.test_monitoring import PASS, ROLE
from tests.integration.test_recommendation import interaction, interactions
from tests.unit.monitoring.world import Recorder
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from refrain.forgetting.people import People
    from refrain.lake.forgetting_receipt import ForgettingReceipt
    from tests.integration.conftest import Aws

DEFINITION = """
task = "classification"
target = "back"
key = ["who"]
[columns]
who = { type = "category" }
town = { type = "category" }
spent = { type = "number", min = 0 }
visits = { type = "number", min = 0 }
back = { type = "category", allowed = ["no", "yes"] }
[training]
min_rows = 50
candidates = [{ name = "logistic", estimator = "sklearn.linear_model.LogisticRegression" }]
[gate]
min_metric = 0.5
"""
TRAINED: dict[str, dict[str, bytes]] = {}
"""What the first test's run has left in each bucket, for all tests."""

PERSON, TOWN = "forget-me-7", "Einzelhausen"
REJECTED = {"who": PERSON, "town": TOWN, "spent": "much", "visits": 3, "back": "no"}


class Machine:
    """A state machine with one execution that was begun before, and goes on and ends while it is waited for."""

    def __init__(self, go_on: Callable[[], object] | None = None) -> None:
        self.go_on = go_on

    def running_executions(self, model: str) -> list[str]:
        """Name it."""
        return [f"arn:{model}"]

    def is_over(self, execution: str) -> bool:
        """Go on; without anything to do it never ends."""
        if self.go_on is None:
            return False
        self.go_on()
        return True


def shoppers(rows: int, start: int = 0) -> list[dict[str, Any]]:
    draw = np.random.default_rng(start)
    return [
        {
            "who": f"p{start + number}",
            "town": ("Oslo", "Rome")[number % 2],
            "spent": round(float(draw.uniform(0, 100)), 3),
            "visits": int(draw.integers(0, 90)),
            "back": "yes" if number * 37 % 100 > 50 else "no",
        }
        for number in range(rows)
    ]


def person(spent: float) -> dict[str, Any]:
    return {"who": PERSON, "town": TOWN, "spent": spent, "visits": 41, "back": "yes"}


@pytest.fixture
def lake(aws: Aws) -> Iterator[Store]:
    """Versioned buckets, as the template makes them, with a model that has learned from a person and answered it."""
    for bucket in (aws.lake, aws.inbox):
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    registry.cache_clear()
    if not TRAINED:
        aws.define("shops", DEFINITION)
        upload(aws, "shops/first.csv", [person(61.625), *shoppers(300), REJECTED])
        upload(aws, "shops/second.csv", shoppers(50, 1000))
        assert retrain("shops")["outcome"] == "promoted"
        for name in ("lake", "inbox"):
            TRAINED[name] = read_objects(aws, getattr(aws, name))
    for name, objects in TRAINED.items():
        for key, content in objects.items():
            aws.s3.put_object(Bucket=getattr(aws, name), Key=key, Body=content)
    yield open_store(aws.lake)
    registry.cache_clear()


def stack_of(aws: Aws, *machines: Machine) -> ForgettingStack:
    versions = ObjectVersions(aws.lake), ObjectVersions(aws.inbox)
    return ForgettingStack(open_store(aws.lake), *versions, f"history-{aws.lake}", machines, sleep=lambda _: None)


def people_of(store: Store) -> People:
    return read_people(find_definition(store, "shops"), [{"who": PERSON}])


def forget(aws: Aws, *machines: Machine) -> ForgettingReceipt:
    store = open_store(aws.lake)
    return forget_people(stack_of(aws, *machines), people_of(store), "ada")


def ask(lake: Store, *instances: dict[str, Any]) -> list[str]:
    """Ask for predictions and have them captured; return their ids."""
    event = {"httpMethod": "POST", "path": "/v1/models/shops:predict", "headers": {}}
    with redirect_stdout(io.StringIO()) as printed:
        answer = handler("inference")(event | {"body": json.dumps({"instances": list(instances)})}, None)
    assert answer["statusCode"] == 200, answer
    ids: list[str] = json.loads(answer["body"])["prediction_ids"]
    lake.write(captured_key("shops", datetime.now(UTC), uuid.uuid4().hex), gzip.compress(printed.getvalue().encode()))
    return ids


def everything(aws: Aws) -> Iterator[tuple[str, bytes]]:
    """Yield the content of each version of each object in both buckets, unpacked, with its key."""
    for name in (aws.lake, aws.inbox):
        keys = s3_backends[ACCOUNT]["aws"].buckets[name].keys
        versions = ((key, version) for key, held in keys.lists() for version in held)
        yield from unpack((key, version.value) for key, version in versions if isinstance(version, FakeKey))


def unpack(objects: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for key, body in objects:
        if key.endswith(".gz"):
            yield key, gzip.decompress(body)
        elif zipfile.is_zipfile(io.BytesIO(body)):
            members = zipfile.ZipFile(io.BytesIO(body))
            yield key, b"".join(members.read(name) for name in members.namelist())
        elif key.endswith(".parquet"):
            yield key, repr(pq.read_table(io.BytesIO(body)).to_pylist()).encode()
        else:
            yield key, body


def read_objects(aws: Aws, bucket: str) -> dict[str, bytes]:
    keys = aws.objects(bucket=bucket)
    return {key: aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def traces(aws: Aws, *needles: bytes) -> set[str]:
    return {key for key, body in everything(aws) if any(needle in body for needle in needles)}


def test_a_scan_of_all_bytes_finds_nothing_but_in_versions_that_the_receipt_names(aws: Aws, lake: Store) -> None:
    # Given a person in uploads, rejected rows, a run, a version, captured rows, labels and monitoring
    ids = ask(lake, {"who": PERSON, "town": TOWN, "spent": 61.625, "visits": 41}, {"who": "p3", "town": "Oslo"})
    write_labels(lake, "shops", [(ids[0], "yes"), (ids[1], "no")], datetime.now(UTC))
    monitor_model(lake, Recorder(), find_definition(lake, "shops"), datetime.now(UTC) + timedelta(hours=2))
    hashed = row_hashes(people_of(lake).columns, ("who",))[0].tobytes()
    needles = (PERSON.encode(), TOWN.encode(), hashed, ids[0].encode(), b"61.625")
    assert {key.split("/")[0] for key in traces(aws, *needles)} >= {
        *("curated", "rejected", "receipts", "snapshots", "captured", "labels", "versions", "shops")
    }
    # When it is forgotten
    receipt = forget(aws)
    # Then only what the version learned still has its town, and the receipt names the version
    assert receipt.learned
    learned = {f"versions/shops/{version}/" for version in receipt.learned}
    left = traces(aws, *needles)
    assert {key for key in left if not key.startswith(tuple(learned))} == set()
    assert traces(aws, PERSON.encode(), hashed, ids[0].encode()) == set()
    assert {name: receipt.removed[name] for name in ("curated", "rejected", "captured", "labels")} == {
        **dict.fromkeys(("curated", "rejected", "captured", "labels"), 1)
    }
    # And what is left is whole
    for kept in Receipt.read_kept(lake, "shops"):
        assert kept.rows_read == kept.rows_kept + kept.rows_rejected
        assert sum(part.rows for part in kept.parts) == kept.rows_kept
    (run,) = list_runs(lake, "shops")
    for side in ("train", "holdout"):
        rows = read_snapshot_rows(lake, "shops", run, side)
        assert row_hashes(rows, ["who"]).tolist() == read_row_hashes(lake, "shops", run, [side]).tolist()
    for version in list_versions(lake, "shops"):
        golden = Golden.read(lake, "shops", version)
        assert len(golden.rows) == len(golden.answers) > 0
    registry.cache_clear()
    ask(lake, {"who": "p3", "town": "Oslo", "spent": 3, "visits": 4})


def test_nothing_that_comes_later_brings_them_back_and_one_run_makes_a_successor(aws: Aws, lake: Store) -> None:
    # Given the same content in two files, and a prediction
    content = aws.s3.get_object(Bucket=aws.inbox, Key="shops/first.csv")["Body"].read()
    aws.put("shops/copy.csv.gz", gzip.compress(content))
    deliver(aws, "shops/copy.csv.gz")
    before = ask(lake, {"who": PERSON, "town": TOWN, "spent": 61.625, "visits": 41}, {"town": "Oslo", "spent": 3})
    # When they are forgotten, and then uploaded, asked about and labelled again
    forgotten = forget(aws)
    assert forgotten.keyless == 1
    assert aws.objects(bucket=aws.inbox) == ["shops/second.csv"]
    upload(aws, "shops/third.csv", [person(7.5), *shoppers(20, 2000), REJECTED])
    after = ask(lake, {"who": PERSON, "town": TOWN, "spent": 7.5, "visits": 41}, {"who": "new", "spent": 7.5})
    write_labels(lake, "shops", [(name, "yes") for name in (before[0], *after)], datetime.now(UTC))
    # Then the upload is kept without them, and its receipt says so
    (receipt,) = [each for each in aws.receipts("shops") if each["source"]["key"] == "shops/third.csv"]
    assert (receipt["rows_read"], receipt["rows_kept"], receipt["rows_rejected"]) == (22, 20, 2)
    assert {"column": "who", "reason": "was forgotten", "rows": 1} in receipt["rejections"]
    left = {
        key for key in traces(aws, PERSON.encode(), TOWN.encode()) if not key.startswith(("versions/", "captured/"))
    }
    assert left == {"shops/third.csv"}
    # And a run learns without them
    retrain("shops", force=True, reason="forget")
    successor = Deployment.read(lake, "shops").champion_version
    assert successor not in forgotten.learned
    assert all(TOWN.encode() not in lake.read(key).data for key in lake.keys(f"versions/shops/{successor}/"))
    rows = [read_snapshot_rows(lake, "shops", list_runs(lake, "shops")[-1], side) for side in SIDES]
    assert {"new"} <= {who for side in rows for who in side["who"]}
    assert not any(PERSON in side["who"] for side in rows)


def test_an_upload_that_is_read_meanwhile_is_read_again_without_them(
    aws: Aws, lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, choose = people_of(lake), upload_kinds.choose_kind
    tries: list[int] = []

    def slow(*arguments: Any) -> Any:
        definition, keep = choose(*arguments)

        def keep_slowly(file: Any, store: Store) -> Any:
            contents = keep(file, store)
            if not tries:
                ForgottenKeys.add(store, "shops", people.columns, salted_hashes)
            tries.append(contents.rows_kept)
            return contents

        return definition, keep_slowly

    monkeypatch.setattr(upload_module, "choose_kind", slow)
    with pytest.raises(AssertionError):  # the message goes back to the queue
        upload(aws, "shops/meanwhile.csv", [person(7.5), *shoppers(20, 2000)])
    upload(aws, "shops/meanwhile.csv", [person(7.5), *shoppers(20, 2000)])

    assert tries == [21, 20]


def test_forgetting_twice_changes_nothing_and_loses_no_name(aws: Aws, lake: Store) -> None:
    first = forget(aws)
    before = dict(everything(aws))

    second = forget(aws)

    after = dict(everything(aws))
    assert replace(second, begun_at=first.begun_at, done_at=first.done_at) == first
    key = first.key("shops", first.digest)
    assert {name: body for name, body in after.items() if name != key} == {
        name: body for name, body in before.items() if name != key
    }


class CrashingLake(tiny.Lake):
    """A bucket in memory, with its versions, that breaks off after some changes; together they count them."""

    def __init__(self, objects: dict[str, bytes], changes: Iterator[int], crash_at: int) -> None:
        super().__init__()
        for key, content in objects.items():
            self._store.put(key, content)
        self._changes, self._crash_at = changes, crash_at

    def delete_all(self, key: str, etag: str | None = None) -> int:
        """Delete an object, or the one with an ETag."""
        if not self.exists(key):
            return 0
        self._change()
        self._store.delete(key)
        return 1

    def delete_former(self, prefix: str) -> int:
        """It keeps no former versions."""
        return 0

    def _put(self, *arguments: Any, **options: Any) -> None:
        self._change()
        super()._put(*arguments, **options)

    def _change(self) -> None:
        if next(self._changes) == self._crash_at:
            raise KeyboardInterrupt


def test_a_crash_before_any_change_is_mended_by_a_repetition(aws: Aws, lake: Store) -> None:
    (identity,) = ask(lake, {"who": PERSON, "town": TOWN, "spent": 61.625, "visits": 41})
    write_labels(lake, "shops", [(identity, "yes")], datetime.now(UTC))
    people, objects = people_of(lake), [read_objects(aws, bucket) for bucket in (aws.lake, aws.inbox)]

    def forget_until(crash_at: int) -> tuple[int, ForgettingReceipt, list[CrashingLake]]:
        changes = count()
        stores = [CrashingLake(content, changes, crash_at) for content in objects]
        bucket, inbox = cast("list[Any]", stores)
        stack = ForgettingStack(bucket, bucket, inbox, "none", ())
        try:
            receipt = forget_people(stack, people, "ada")
        except KeyboardInterrupt:
            receipt = forget_people(stack, people, "ada")
        return next(changes), receipt, stores

    changes, whole, _ = forget_until(-1)
    assert changes > 10

    for crash_at in range(changes):
        _, receipt, stores = forget_until(crash_at)

        assert receipt.learned == whole.learned
        left = [(key, store.read(key).data) for store in stores for key in store.keys("")]
        assert {key for key, body in unpack(left) if PERSON.encode() in body or identity.encode() in body} == set()
        for kept in Receipt.read_kept(stores[0], "shops"):
            assert sum(part.rows for part in kept.parts) == kept.rows_kept


def test_what_a_run_makes_of_them_while_it_is_waited_for_is_removed_too(aws: Aws, lake: Store) -> None:
    snapshot = snapshot_of("shops", force=True)
    names = {"model": "shops", "run": snapshot["run"]}

    def go_on() -> None:
        trained = [
            handler("retraining/train")({**names, "candidate": each["name"]}, None) for each in snapshot["candidates"]
        ]
        handler("retraining/evaluate")({**snapshot, "trained": trained}, None)

    receipt = forget(aws, Machine(go_on))

    assert f"{snapshot['run']}-logistic" in receipt.learned
    left = traces(aws, PERSON.encode(), TOWN.encode())
    assert {key for key in left if key.split("/")[2] not in receipt.learned} == set()


def test_a_run_that_does_not_end_is_named(aws: Aws, lake: Store) -> None:
    with pytest.raises(ExecutionsUnderWay, match="shops is still running"):
        forget(aws, Machine())


def test_a_receipt_that_was_on_its_way_is_settled_too(aws: Aws, lake: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if they were read just before.
    monkeypatch.setattr(ForgottenKeys, "read_if_any", lambda *_: None)

    forget(aws, Machine(lambda: upload(aws, "shops/late.csv", [person(7.5), *shoppers(20, 2000), REJECTED])))

    assert traces(aws, PERSON.encode()) == set()
    late = next(each for each in Receipt.read_kept(lake, "shops") if each.source.key == "shops/late.csv")
    assert (late.rows_read, late.rows_kept, late.rows_rejected) == (20, 20, 0)


def test_the_command_forgets_and_names_the_versions(
    aws: Aws, lake: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = boto3.client("stepfunctions", endpoint_url=aws.endpoint, region_name=REGION)
    machines = [
        client.create_state_machine(name=f"{aws.lake}-{name}", definition=PASS, roleArn=ROLE)["stateMachineArn"]
        for name in ("retraining", "monitoring")
    ]
    stack = {
        "aws_endpoint_url": aws.endpoint,
        "lake_bucket": aws.lake,
        "inbox_bucket": aws.inbox,
        "history_table": "none",
        "state_machine_arn": machines[0],
        "monitoring_state_machine_arn": machines[1],
    }
    lake.write("undelivered/2026/11/30/10/x", b"what Firehose could not deliver")
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(stack))
    monkeypatch.chdir(tmp_path)

    assert main(["forget", "shops", "--key", f"who={PERSON}"]) == 0, capsys.readouterr().err

    shown = capsys.readouterr().out
    assert "Versions that learned from them: " in shown
    assert "refrain retrain shops --reason forget --force" in shown
    assert "1 undelivered files were not searched" in shown
    assert PERSON not in shown
    assert traces(aws, PERSON.encode()) == set()


def test_two_requests_at_once_do_not_undo_each_other(aws: Aws, lake: Store) -> None:
    definition = find_definition(lake, "shops")
    stack = stack_of(
        aws, Machine(lambda: forget_people(stack_of(aws), read_people(definition, [{"who": "p3"}]), "bob"))
    )

    with pytest.raises(ForgettingUnderWay, match="ada forgets other people"):
        forget_people(stack, people_of(lake), "ada")

    assert forget(aws).state == "done"
    assert traces(aws, PERSON.encode()) == set()
    assert forget_people(stack_of(aws), read_people(definition, [{"who": "p3"}]), "bob").removed["curated"] == 1


def test_a_user_of_a_recommender_goes_with_the_history(aws: Aws) -> None:
    # Given a user among those of a run
    for bucket in (aws.lake, aws.inbox):
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    aws.define("songs")
    boto3.client("dynamodb", endpoint_url=aws.endpoint).create_table(
        TableName=f"history-{aws.lake}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}],
    )
    heard = [interaction(PERSON, f"rock-{song}", f"2026-11-0{song + 1}T00:00:00Z") for song in range(6)]
    upload(aws, "songs/all.csv", [*heard, *interactions()])
    retrain("songs")
    lake, table = open_store(aws.lake), HistoryTable(f"history-{aws.lake}")
    assert table.read("songs", [PERSON])[PERSON]
    people = read_people(find_definition(lake, "songs"), [{"listener": PERSON}])
    # When the user is forgotten
    receipt = forget_people(stack_of(aws), people, "ada")
    # Then nothing names the user, and a run can learn from all others
    assert receipt.learned
    assert (receipt.removed["interactions"], receipt.removed["histories"]) == (6, 1)
    assert table.read("songs", [PERSON])[PERSON] == []
    assert traces(aws, PERSON.encode()) == set()
    assert snapshot_of("songs", force=True)["enough"]
