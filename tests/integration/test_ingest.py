"""Ingest on S3: the real handler, real events, real files; never twice, never lost, never half."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pyarrow.parquet as pq
import pytest
from backports import zstd

from functions.failed_uploads.app import handler as answer_failed
from functions.ingest.app import handler
from refrain.applying.apply import retire_model
from refrain.aws.storage import Store
from refrain.errors import StorageUnavailable, UnreadableUpload
from refrain.ingest.deadline import FINISHING_SECONDS, Deadline
from refrain.ingest.failed_upload import MAX_TRIES, RETRY_SECONDS
from refrain.ingest.upload import ingest
from refrain.ingest.upload_event import UploadedObject
from refrain.lake.receipt import Receipt, UploadSource
from tests.integration.failing_s3 import CONFLICT, failing_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fake_services import RecordedBus
    from tests.integration.conftest import Aws

SOURCE = UploadSource("inbox", "people/a.csv", "e", 1, "2026-11-23T12:00:00Z")
ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data sets are missing")

PEOPLE = """
task = "classification"
target = "label"
[source]
missing = ["?"]
[columns]
age = { type = "number", min = 0, max = 120 }
town = { type = "category" }
joined = { type = "time", role = "ignore" }
active = { type = "boolean" }
label = { type = "category", allowed = ["a", "b"] }
[training]
candidates = [{ name = "tree", estimator = "sklearn.tree.DecisionTreeClassifier" }]
"""

FILE = b"""age,town,joined,active,label,extra
39,Bern,2026-01-31,yes,a,1
400,Genf,2026-01-31,no,b,2
?,  Bern,2026-02-01T12:00:00+02:00,,b,3
forty,Bern,yesterday,perhaps,c,4
41,Bern
"""


@pytest.fixture
def people(aws: Aws) -> Aws:
    """A cloud whose only models are `people`, and one whose definition is broken."""
    aws.define("people", PEOPLE)
    aws.define("broken", "task = ")
    return aws


def event(aws: Aws, *keys: str) -> dict[str, Any]:
    """One SQS event with a message for each upload."""
    return {"Records": [message(str(number), s3_event(aws, key)) for number, key in enumerate(keys)]}


def s3_event(aws: Aws, *keys: str) -> str:
    records = [
        {
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-11-23T12:00:00.000Z",
            "s3": {"bucket": {"name": aws.inbox}, "object": {"key": quote_plus(key, safe="/"), "eTag": "e", "size": 1}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


def message(name: str, body: str, tries: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(tries)}
    return {"messageId": name, "receiptHandle": name, "eventSource": "aws:sqs", "body": body, "attributes": attributes}


def run(aws: Aws, *keys: str, context: Any = None) -> list[str]:
    """Call the handler; the messages that failed."""
    return [str(item["itemIdentifier"]) for item in handler(event(aws, *keys), context)["batchItemFailures"]]


def run_again(aws: Aws, key: str, name: str = "0") -> bool:
    """Call the handler for the last time that it may try; whether the message failed."""
    return bool(handler({"Records": [message(name, s3_event(aws, key), MAX_TRIES)]}, None)["batchItemFailures"])


def statuses(aws: Aws, model: str = "people") -> list[str]:
    return sorted(receipt["status"] for receipt in aws.receipts(model))


def upload(aws: Aws, key: str, content: bytes) -> dict[str, Any]:
    """Upload, ingest, and return the only receipt."""
    aws.put(key, content)
    assert run(aws, key) == []
    receipts = aws.receipts(key.split("/", 1)[0])
    assert len(receipts) == 1
    return receipts[0]


def rejected_rows(aws: Aws, receipt: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(aws.read(receipt["rejected"])).splitlines()]


def curated_rows(aws: Aws, receipt: dict[str, Any]) -> list[dict[str, Any]]:
    tables = [pq.read_table(io.BytesIO(aws.read(part["key"]))) for part in receipt["parts"]]
    return [row for table in tables for row in table.to_pylist()]


def test_clean_rows_are_kept_and_the_others_rejected_with_all_that_is_wrong_with_them(people: Aws) -> None:
    receipt = upload(people, "people/2026/first.csv", FILE)

    assert receipt["status"] == "kept"
    assert (receipt["rows_read"], receipt["rows_kept"], receipt["rows_rejected"]) == (5, 2, 3)
    assert receipt["source"]["key"] == "people/2026/first.csv"
    assert receipt["source"]["size"] == len(FILE)
    assert receipt["ignored_columns"] == ["extra"]
    assert receipt["absent_columns"] == []

    first, second = curated_rows(people, receipt)
    assert {**first, "joined": first["joined"].isoformat()} == {
        "age": 39.0,
        "town": "Bern",
        "joined": "2026-01-31T00:00:00+00:00",
        "active": True,
        "label": "a",
        "_row": 1,
    }
    assert {**second, "joined": second["joined"].isoformat()} == {
        "age": None,
        "town": "Bern",
        "joined": "2026-02-01T10:00:00+00:00",
        "active": None,
        "label": "b",
        "_row": 3,
    }

    ragged, range_, several = sorted(rejected_rows(people, receipt), key=lambda row: (row["column"], row["line"]))[:3]
    assert ragged == {
        "line": 6,
        "column": "",
        "value": None,
        "reason": "expected 6 fields, got 2",
        "more": [],
        "row": ["41", "Bern"],
    }
    assert (range_["line"], range_["column"], range_["value"], range_["reason"]) == (
        3,
        "age",
        "400",
        "expected at most 120",
    )
    assert range_["row"] == {
        "age": "400",
        "town": "Genf",
        "joined": "2026-01-31",
        "active": "no",
        "label": "b",
        "extra": "2",
    }
    assert several["line"] == 5
    assert {several["column"], *(problem["column"] for problem in several["more"])} == {
        "age",
        "joined",
        "active",
        "label",
    }
    assert {"column": "age", "reason": "expected at most 120", "rows": 1} in receipt["rejections"]
    assert receipt["columns"]["age"] == {
        "type": "number",
        "count": 1,
        "missing": 1,
        "min": 39.0,
        "max": 39.0,
        "mean": 39.0,
        "std": 0.0,
    }
    assert receipt["columns"]["town"]["top"] == [{"value": "Bern", "rows": 2}]
    assert receipt["columns"]["joined"]["max"] == "2026-02-01T10:00:00.000000Z"
    assert receipt["columns"]["active"] == {"type": "boolean", "count": 1, "missing": 1, "true": 1, "false": 0}


OBJECTS = [{"age": 39, "label": "a"}, {"age": 40, "label": "b"}, {"age": "old", "label": "b"}]


def parquet_file() -> bytes:
    import pyarrow as pa

    sink = io.BytesIO()
    pq.write_table(pa.table({"age": ["39", "40", "old"], "label": ["a", "b", "b"]}), sink)
    return sink.getvalue()


FORMS: dict[str, Callable[[], bytes]] = {
    "csv": lambda: b"age,label\n39,a\n40,b\nold,b\n",
    "tsv": lambda: b"age\tlabel\r\n39\ta\r\n40\tb\r\nold\tb",
    "jsonl": lambda: "\n".join(json.dumps(each) for each in OBJECTS).encode(),
    "json": lambda: json.dumps(OBJECTS).encode(),
    "parquet": parquet_file,
}
PACKS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("form", FORMS)
def test_every_format_plain_or_compressed_gives_the_same_rows(people: Aws, form: str, pack: str) -> None:
    receipt = upload(people, f"people/a.{form}{pack}", PACKS[pack](FORMS[form]()))
    assert receipt["format"] == form
    assert [(row["age"], row["label"], row["_row"]) for row in curated_rows(people, receipt)] == [
        (39.0, "a", 1),
        (40.0, "b", 2),
    ]
    assert [(row["column"], row["reason"]) for row in rejected_rows(people, receipt)] == [("age", "expected a number")]


def test_an_archive_is_known_without_its_suffix(people: Aws) -> None:
    assert upload(people, "people/a.csv", gzip.compress(FILE))["rows_read"] == 5


def test_values_that_json_alone_can_hold_are_told_with_the_row(people: Aws) -> None:
    content = (
        b'{"age": {"years": 39}, "town": ["Bern", "Genf"], "label": "a"}\n'
        b'{"age": NaN, "town": "Bern", "label": "b"}\n'
        b'{"age": Infinity, "town": "\\ud800", "label": "b"}\n'
        b'{"age": 1, "label": "a", "note": [1, 2]}\n'
    )
    receipt = upload(people, "people/a.jsonl", content)
    assert (receipt["rows_kept"], receipt["rows_rejected"]) == (2, 2)
    nested, infinite = rejected_rows(people, receipt)
    assert nested["row"]["town"] == ["Bern", "Genf"]
    assert (nested["column"], nested["value"]) == ("age", {"years": 39})
    assert (infinite["value"], infinite["row"]["town"]) == ("inf", "\ud800")


@pytest.mark.parametrize(
    ("key", "content"),
    [("people/a.csv", b"age,label\n500,a\n600,b\n"), ("people/labels/a.csv", b"prediction_id,label\n,a\n1,\n")],
)
def test_a_file_of_which_no_row_is_good_is_refused_with_all_rejections(people: Aws, key: str, content: bytes) -> None:
    receipt = upload(people, key, content)
    assert (receipt["status"], receipt["code"]) == ("refused", "no_rows_kept")
    assert (receipt["rows_read"], receipt["rows_kept"], receipt["parts"]) == (2, 0, [])
    assert receipt["rows_rejected"] == sum(rejection["rows"] for rejection in receipt["rejections"]) == 2
    assert len(rejected_rows(people, receipt)) == 2


@pytest.mark.parametrize(
    ("key", "content", "code"),
    [
        ("people/a.csv", b"", "empty"),
        ("people/a.csv", b"\n\n", "empty"),
        ("people/a.csv", b"age,label\n", "no_rows"),
        ("people/a.json", b"[]", "no_rows"),
        ("people/a.jsonl", b"\n", "no_rows"),
        ("people/a.csv", b"x,y\n1,2\n", "no_columns"),
        ("people/a.csv", b"age,town\n1,Bern\n", "no_target"),
        ("people/a.xlsx", b"PK", "unknown_format"),
        ("people/a.csv", b"PK\x03\x04\0\0\0", "binary"),
        ("people/a.csv", "age,town,label\n1,Zürich,a\n".encode("latin-1"), "encoding"),
        ("people/a.csv.gz", gzip.compress(FILE * 999)[:-50], "corrupt"),
        ("people/a.csv.zst", zstd.compress(FILE * 9999)[:-90], "corrupt"),
        ("people/a.json", b'[{"age": 1, "label": "a"}, {"age"', "corrupt"),
        ("people/a.parquet", FILE, "corrupt"),
        ("people//a.csv", FILE, "bad_key"),
        ("people/../a.csv", FILE, "bad_key"),
        ("strangers/a.csv", FILE, "unknown_model"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_receipt_and_nothing_else_is_left(
    people: Aws, bus: RecordedBus, key: str, content: bytes, code: str
) -> None:
    receipt = upload(people, key, content)
    assert (receipt["status"], receipt["code"]) == ("refused", code)
    assert len(receipt["reason"]) > 10
    assert receipt["source"]["key"] == key
    assert len(written_by_ingest(people)) == 1
    ((name, event),) = bus.events
    assert (name, event["key"], event["code"]) == ("UploadRefused", key, code)
    assert written_by_ingest(people) == [event["receipt"].removeprefix(f"s3://{people.lake}/")]


@pytest.mark.parametrize("key", ["a.csv", "Not A Model/a.csv", "/people/a.csv", "_/a.csv"])
def test_an_upload_for_no_possible_model_has_its_receipt_too(people: Aws, key: str) -> None:
    people.put(key, FILE)
    assert run(people, key) == []
    (receipt,) = people.receipts("_")
    assert receipt["code"] in {"no_folder", "unknown_model"}


def test_an_unknown_model_is_told_those_that_are_known(people: Aws) -> None:
    assert "the models are broken, people" in upload(people, "strangers/a.csv", FILE)["reason"]


def test_an_upload_may_have_any_name(people: Aws) -> None:
    receipt = upload(people, "people/Überblick + mehr/100% [neu]#1.csv", FILE)
    assert receipt["rows_read"] == 5


def test_a_folder_made_in_the_console_is_no_upload(people: Aws) -> None:
    people.put("people/", b"")
    body = json.loads(s3_event(people, "people/"))
    body["Records"][0]["s3"]["object"]["size"] = 0
    assert handler({"Records": [message("0", json.dumps(body))]}, None) == {"batchItemFailures": []}
    assert written_by_ingest(people) == []


def test_an_upload_deleted_before_it_was_read_is_let_go(people: Aws) -> None:
    assert run(people, "people/gone.csv") == []
    assert written_by_ingest(people) == []


def test_the_same_event_twice_counts_once(people: Aws) -> None:
    upload(people, "people/a.csv", FILE)
    before = {key: people.read(key) for key in written_by_ingest(people)}
    assert run(people, "people/a.csv", "people/a.csv") == []
    assert {key: people.read(key) for key in written_by_ingest(people)} == before


def test_the_same_content_under_another_name_is_a_duplicate(people: Aws) -> None:
    first = upload(people, "people/a.csv", FILE)
    people.put("people/b.csv", FILE)
    assert run(people, "people/b.csv", "people/b.csv") == []
    receipts = people.receipts("people")
    assert sorted(receipt["status"] for receipt in receipts) == ["duplicate", "kept"]
    (duplicate,) = [receipt for receipt in receipts if receipt["status"] == "duplicate"]
    assert duplicate["of"] == first["digest"]
    assert duplicate["source"]["key"] == "people/b.csv"
    assert len(people.objects("curated/")) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(FILE)),
        ("a.csv.zst", zstd.compress(FILE)),
        ("a.csv", FILE.replace(b"\n", b"\r\n")),
        ("b.csv.gz", gzip.compress(FILE.replace(b"\n", b"\r\n"))),
    ],
)
def test_the_same_content_packed_otherwise_is_a_duplicate(people: Aws, name: str, content: bytes) -> None:
    first = upload(people, "people/first.csv", FILE)
    people.put(f"people/{name}", content)
    assert run(people, f"people/{name}") == []
    (duplicate,) = [receipt for receipt in people.receipts("people") if receipt["status"] == "duplicate"]
    assert duplicate["of"] == first["digest"]


def test_a_parquet_file_counts_once_however_it_is_packed(people: Aws) -> None:
    people.put("people/a.parquet", FORMS["parquet"]())
    people.put("people/b.parquet.gz", gzip.compress(FORMS["parquet"]()))
    assert run(people, "people/a.parquet", "people/b.parquet.gz") == []
    assert statuses(people) == ["duplicate", "kept"]


def test_a_new_version_of_an_object_is_an_upload_of_its_own(people: Aws) -> None:
    upload(people, "people/a.csv", FILE)
    people.put("people/a.csv", FILE + b"50,Bern,,,a,9\n")
    assert run(people, "people/a.csv") == []
    assert sorted(receipt["rows_kept"] for receipt in people.receipts("people")) == [2, 3]


def test_an_object_overwritten_before_it_was_read_is_not_lost(people: Aws) -> None:
    people.s3.put_bucket_versioning(Bucket=people.inbox, VersioningConfiguration={"Status": "Enabled"})
    versions = [
        people.s3.put_object(Bucket=people.inbox, Key="people/a.csv", Body=content)["VersionId"]
        for content in (FILE, FILE + b"50,Bern,,,a,9\n")
    ]
    bodies = [json.loads(s3_event(people, "people/a.csv")) for _ in versions]
    for body, version in zip(bodies, versions, strict=True):
        body["Records"][0]["s3"]["object"]["versionId"] = version

    messages = [message(version, json.dumps(body)) for version, body in zip(versions, bodies, strict=True)]
    assert handler({"Records": messages}, None) == {"batchItemFailures": []}

    assert sorted(receipt["rows_kept"] for receipt in people.receipts("people")) == [2, 3]


def test_two_at_once_leave_what_one_would(people: Aws) -> None:
    people.put("people/a.csv", FILE)
    people.put("people/b.csv", FILE)
    failed: list[str] = []
    keys = ["people/a.csv", "people/b.csv"] * 3
    threads = [threading.Thread(target=lambda key=key: failed.extend(run_alone(people, key))) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(receipt["status"] for receipt in people.receipts("people")) == ["duplicate", "kept"]
    assert len(people.objects("curated/")) == 1
    assert len(people.objects("rejected/")) == 1


def run_alone(aws: Aws, key: str) -> Iterator[str]:
    """Ingest as another function's process would, with connections of its own."""
    try:
        ingest(UploadedObject(aws.inbox, key, "e", 1, ""), Store(aws.lake))
    except StorageUnavailable as error:
        yield str(error)


class Killed(BaseException):
    """The function's process ends here."""


class DyingStore(Store):
    """A lake that is lost after so many writes."""

    def __init__(self, bucket: str, writes: int) -> None:
        super().__init__(bucket)
        self.left = writes

    def _write(self) -> None:
        if not self.left:
            raise Killed
        self.left -= 1

    def upload(self, file: Path | IO[bytes], key: str) -> None:
        self._write()
        super().upload(file, key)

    def write_new(self, key: str, data: bytes) -> bool:
        self._write()
        return super().write_new(key, data)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_crash_at_any_write_leaves_nothing_visible_and_the_retry_the_same_bytes(
    people: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    # Given an upload that went well, and its bytes
    upload(people, "people/a.csv", FILE)
    good = rows_of(people)
    for key in written_by_ingest(people):
        people.s3.delete_object(Bucket=people.lake, Key=key)
    # When it is killed at a write
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with pytest.raises(Killed):
        ingest(UploadedObject(people.inbox, "people/a.csv", "e", 1, ""), DyingStore(people.lake, writes))
    # Then there is no receipt and nothing on the disk, and the retry writes the same
    assert people.receipts("people") == []
    assert list(temporary.iterdir()) == []
    assert len(written_by_ingest(people)) == writes
    assert run(people, "people/a.csv") == []
    assert rows_of(people) == good
    assert len(people.receipts("people")) == 1


def written_by_ingest(aws: Aws) -> list[str]:
    return [key for key in aws.objects() if not key.startswith("definitions/")]


def rows_of(aws: Aws) -> dict[str, bytes]:
    return {key: aws.read(key) for key in written_by_ingest(aws) if not key.startswith("receipts/")}


def test_nothing_is_left_on_the_disk(people: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    people.put("people/good.csv", FILE)
    people.put("people/bad.parquet.gz", gzip.compress(FILE))
    assert run(people, "people/good.csv", "people/bad.parquet.gz", "people/gone.csv") == []
    assert list(temporary.iterdir()) == []


def test_a_message_that_is_no_event_fails_alone_and_loudly(people: Aws, caplog: pytest.LogCaptureFixture) -> None:
    people.put("people/a.csv", FILE)
    messages = [
        message("bad", "not an event"),
        message("test", '{"Service": "Amazon S3", "Event": "s3:TestEvent"}'),
        message("good", s3_event(people, "people/a.csv")),
    ]
    answer = handler({"Records": messages}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(people.receipts("people")) == 1
    (record,) = [record for record in caplog.records if record.message == "upload event failed"]
    assert record.__dict__["message_id"] == "bad"
    assert record.exc_info


@pytest.mark.parametrize("mended", [PEOPLE, None])
def test_a_broken_definition_refuses_its_own_uploads_until_it_is_mended_and_no_others(
    people: Aws, bus: RecordedBus, mended: str | None
) -> None:
    # Given uploads of a model whose definition is broken, and of another one
    people.put("broken/a.csv", FILE)
    people.put("people/a.csv", FILE)
    # When the first is tried as often as it may, and answered by the function for dead letters too
    assert run(people, "broken/a.csv", "people/a.csv") == ["0"]
    assert run_again(people, "broken/a.csv", "id-1")
    answer_unanswered(people, "broken/a.csv", "id-1")
    # Then its receipt says why it is refused, once, and so does an event
    (refused,) = people.receipts("broken")
    assert (refused["status"], refused["code"]) == ("refused", "broken_definition")
    assert "broken.toml: not valid TOML" in refused["reason"]
    ((name, detail),) = bus.events
    assert (name, detail["model"], detail["code"]) == ("UploadRefused", "broken", "broken_definition")
    assert statuses(people) == ["kept"]
    # And when the definition was mended, or the model retired, the receipt of a redrive counts
    if mended:
        people.define("broken", mended)
    else:
        retire_model(Store(people.lake), "broken", "a test")
    assert run(people, "broken/a.csv") == []
    assert statuses(people, "broken") == sorted(["kept" if mended else "refused", "superseded"])


class Broken(Exception):
    """Nobody has foreseen this; its text is for the log."""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Reading a file fails, until it is mended by `undo`."""

    def fail(*_: object) -> None:
        raise Broken("the inside")

    with monkeypatch.context() as patch:
        patch.setattr("refrain.ingest.upload._ingest_file", fail)
        yield patch


def test_an_upload_that_fails_on_the_last_try_gets_a_receipt_that_a_redrive_supersedes(
    people: Aws, broken: pytest.MonkeyPatch
) -> None:
    people.put("people/a.csv", FILE)
    assert run(people, "people/a.csv") == ["0"]
    assert people.receipts("people") == []
    assert run_again(people, "people/a.csv", "id-1")
    (failed,) = people.receipts("people")
    assert (failed["status"], failed["code"], failed["message_id"]) == ("failed", "Broken", "id-1")
    assert failed["source"]["key"] == "people/a.csv"
    assert "the inside" not in json.dumps(failed)

    assert run_again(people, "people/a.csv", "id-2")
    assert [receipt["message_id"] for receipt in people.receipts("people")] == ["id-2"]

    broken.undo()
    assert run(people, "people/a.csv") == []
    assert statuses(people) == ["kept", "superseded"]
    kept, superseded = sorted(people.receipts("people"), key=lambda receipt: receipt["status"])
    assert superseded["of"] == kept["digest"]
    answer_unanswered(people, "people/a.csv", "id-2")
    assert statuses(people) == ["kept", "superseded"]


def answer_unanswered(aws: Aws, key: str, name: str) -> None:
    """Pass a message to the function that reads the dead letters of ingest; it moves on afterwards."""
    answer = answer_failed({"Records": [message(name, s3_event(aws, key))]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": name}]}


@pytest.mark.parametrize(
    ("key", "content", "status"),
    [
        ("people/a.csv", FILE, "kept"),
        ("people/a.csv", b"", "refused"),
        ("strangers/a.csv", FILE, "refused"),
        ("people/labels/a.csv", b"prediction_id,label\n1,a\n", "kept"),
    ],
)
def test_what_ingest_could_not_answer_gets_a_receipt_that_a_redrive_supersedes(
    people: Aws, key: str, content: bytes, status: str
) -> None:
    people.put(key, content)
    for _ in range(2):
        answer_unanswered(people, key, "id-1")
    model = key.split("/")[0]
    (failed,) = people.receipts(model)
    assert (failed["status"], failed["code"], failed["message_id"]) == ("failed", "no_answer", "id-1")
    assert run(people, key) == []
    assert statuses(people, model) == [status, "superseded"]


def test_the_word_of_ingest_is_not_replaced_by_that_of_the_dead_letter(people: Aws, broken: pytest.MonkeyPatch) -> None:
    people.put("people/a.csv", FILE)
    assert run_again(people, "people/a.csv", "id-1")
    answer_unanswered(people, "people/a.csv", "id-1")
    assert [receipt["code"] for receipt in people.receipts("people")] == ["Broken"]


@pytest.mark.parametrize(("tries", "seconds"), [(1, RETRY_SECONDS), (MAX_TRIES, 0)])
def test_a_failed_message_comes_again_after_a_minute_or_moves_on_at_once(
    people: Aws, broken: pytest.MonkeyPatch, tries: int, seconds: int
) -> None:
    calls: list[tuple[object, ...]] = []
    broken.setattr("functions.ingest.app.show_again", lambda *call: calls.append(call))
    people.put("people/a.csv", FILE)
    handler({"Records": [message("m", s3_event(people, "people/a.csv"), tries)]}, None)
    assert calls == [(os.environ["REFRAIN_INGEST_QUEUE_URL"], "m", seconds)]


class Context:
    """What Lambda tells a handler of its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> float:
        return self.seconds * 1000


@pytest.mark.parametrize("key", ["people/a.csv", "people/labels/a.csv"])
def test_an_upload_that_takes_too_long_is_refused(people: Aws, key: str) -> None:
    people.put(key, FILE)
    assert run(people, key, context=Context(FINISHING_SECONDS)) == []
    (receipt,) = people.receipts("people")
    assert (receipt["status"], receipt["code"]) == ("refused", "takes_too_long")


def test_an_upload_within_its_time_is_kept(people: Aws) -> None:
    people.put("people/a.csv", FILE)
    assert run(people, "people/a.csv", context=Context(540)) == []
    assert statuses(people) == ["kept"]


def test_the_time_is_looked_at_while_rows_are_read() -> None:
    passing = Deadline(time.monotonic() + 0.05)
    with pytest.raises(UnreadableUpload, match="was not read to its end"):
        for _ in passing.limit(range(100)):
            time.sleep(0.01)


@pytest.mark.parametrize("place", ["refrain.ingest.curated.Curated.add", "refrain.ingest.rejected.Rejected.malformed"])
def test_an_upload_that_fills_the_disk_is_refused(people: Aws, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(place, full)
    receipt = upload(people, "people/a.csv", FILE)
    assert (receipt["status"], receipt["code"]) == ("refused", "too_large")


def test_a_disk_that_is_full_during_the_download_is_no_fault_of_s3(people: Aws) -> None:
    people.put("people/a.csv", FILE)
    with pytest.raises(OSError, match="No space left"), Path("/dev/full").open("wb", buffering=0) as file:
        Store(people.inbox).download("people/a.csv", file)


def test_what_killed_processes_left_on_the_disk_is_deleted_and_nothing_else(
    people: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen(["true"]) as ended:
        pass
    alive = f"ingest-{os.getppid()}-alive"
    for name in (f"ingest-{ended.pid}-a", f"ingest-{os.getpid()}-b", alive, "ingest-else", "other"):
        (tmp_path / "tmp" / name).mkdir()
        (tmp_path / "tmp" / name / "upload").write_bytes(b"1")
    assert run(people, "people/gone.csv") == []
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == sorted([alive, "ingest-else", "other"])


@pytest.mark.parametrize(
    "content",
    [
        b'{"age": 1, "\\ud800": "v", "label": "a"}\n',
        b'{"\\ud800": 1}\n',
        '{"age": 1, "Zürich": 2, "label": "a"}'.encode(),
    ],
)
def test_any_name_of_a_column_can_be_written_in_a_receipt(people: Aws, content: bytes) -> None:
    receipt = upload(people, "people/a.jsonl", content)
    assert receipt["status"] in ("kept", "refused")


def test_a_receipt_is_written_after_a_conflict(people: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    people.put("people/a.csv", FILE)
    with failing_s3(people.endpoint) as s3:
        monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
        s3.failures += [CONFLICT] * 3
        Receipt(status="refused", model="people", digest="d", source=SOURCE, definition="").write_new(
            Store(people.lake)
        )
    assert statuses(people) == ["refused"]


def test_a_lake_that_cannot_be_reached_fails_the_message(people: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    people.put("people/a.csv", FILE)
    monkeypatch.setenv("REFRAIN_LAKE_BUCKET", "no-such-lake")
    assert run(people, "people/a.csv") == ["0"]


def test_one_message_may_hold_several_uploads(people: Aws) -> None:
    people.put("people/a.csv", FILE)
    people.put("people/b.csv", FILE + b"1,Bern,,,a,\n")
    answer = handler({"Records": [message("0", s3_event(people, "people/a.csv", "people/b.csv"))]}, None)
    assert answer == {"batchItemFailures": []}
    assert len(people.receipts("people")) == 2


def test_large_uploads_are_kept_in_several_parts(people: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refrain.ingest.curated.MAX_PART_ROWS", 12_000)
    rows = "".join(f"{number % 120},T{number},,yes,a,\n" for number in range(30_000))
    receipt = upload(people, "people/a.csv", b"age,town,joined,active,label,extra\n" + rows.encode())
    assert [part["rows"] for part in receipt["parts"]] == [10_000, 10_000, 10_000]
    assert [row["_row"] for row in curated_rows(people, receipt)] == list(range(1, 30_001))
    assert receipt["columns"]["town"]["distinct"] == 10_000
    assert receipt["columns"]["town"]["distinct_is_at_least"] is True
    assert receipt["columns"]["age"]["mean"] == pytest.approx(59.5)


MEASURE = """
import json, pathlib, sys
from functions.failed_uploads.app import handler as answer_failed
from functions.ingest.app import handler
assert handler(json.loads(sys.argv[1]), None) == {"batchItemFailures": []}
# Not getrusage, whose peak is also of the process that this one was forked from.
print(pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from Linux's /proc")
def test_memory_does_not_grow_with_the_upload(people: Aws) -> None:
    def peak(megabytes: int) -> int:
        row = b"39,Bern,2026-01-31T12:00:00Z,yes,a,"
        rows = (b"%s%d\n" % (row, number) for number in range(megabytes * 1_000_000 // 42))
        key = f"people/{megabytes}.csv"
        people.put(key, b"age,town,joined,active,label,extra\n" + b"".join(rows))
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, json.dumps(event(people, key))],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        return int(measured.stdout.split()[-1]) // 1024  # the last line: metrics are printed before it

    # The smaller one already fills what is held on the way: blocks that are parsed ahead, row groups.
    small, large = peak(75), peak(225)
    assert large - small < 75, f"{small} MB for 75 MB, {large} MB for 225 MB"


@needs_data
@pytest.mark.parametrize(
    ("key", "file", "rows", "missing"),
    [
        (
            "income/train.csv",
            "adult/adult-train.csv",
            32_561,
            {"workclass": 1836, "occupation": 1843, "native-country": 583},
        ),
        (
            "income/test.csv",
            "adult/adult-test.csv",
            16_281,
            {"workclass": 963, "occupation": 966, "native-country": 274},
        ),
        ("churn/telco.csv", "telco/Telco-Customer-Churn.csv", 7_043, {"TotalCharges": 11}),
        ("bikes/hour.csv", "bike/hour.csv", 17_379, {}),
        ("campaigns/bank.csv.gz", "bank/bank-additional-full.csv.gz", 41_188, {"default": 8597}),
    ],
)
def test_real_files_come_in_as_they_are_with_every_row_accounted_for(
    aws: Aws, key: str, file: str, rows: int, missing: dict[str, int]
) -> None:
    aws.define(key.partition("/")[0])
    receipt = upload(aws, key, (DATA / file).read_bytes())
    assert (receipt["status"], receipt["rows_read"]) == ("kept", rows)
    assert (receipt["rows_kept"], receipt["rows_rejected"]) == (rows, 0)
    assert len(curated_rows(aws, receipt)) == rows
    assert {name: receipt["columns"][name]["missing"] for name in missing} == missing


@needs_data
def test_the_full_stops_of_the_adult_test_labels_are_gone(aws: Aws) -> None:
    aws.define("income")
    receipt = upload(aws, "income/test.csv", (DATA / "adult" / "adult-test.csv").read_bytes())
    assert receipt["columns"]["income"]["top"] == [{"value": "<=50K", "rows": 12435}, {"value": ">50K", "rows": 3846}]
