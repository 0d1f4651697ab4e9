"""The inference function as it is deployed: its handler, S3 over HTTP, and a client of the Open Inference Protocol."""

from __future__ import annotations

import importlib.util
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from moto.server import ThreadedMotoServer
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from refrain.aws.storage import Object, Store, open_store
from refrain.serving.registry.registry import registry
from tests.stored import define
from tests.unit.serving import tiny

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
LAKE = "lake"

type Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture(scope="module")
def people() -> tiny.Model:
    return tiny.people()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """An S3 of the test's own, which it may stop."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "REFRAIN_LAKE_BUCKET": LAKE,
        "REFRAIN_HISTORY_TABLE": "no-histories",
        "REFRAIN_REFRESH_SECONDS": "0.1",
        "REFRAIN_ALLOWED_ORIGINS": "",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _forget()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/{LAKE}", method="PUT")).close()
    yield server
    _forget()
    server.stop()


@pytest.fixture
def lake(s3: ThreadedMotoServer, people: tiny.Model) -> Store:
    """The lake, with one model in service."""
    store = Store(LAKE)
    define(store, "people", "")
    tiny.deploy(store, people)
    return store


@pytest.fixture
def handler() -> Handler:
    """The function's handler, loaded as Lambda does: by its file."""
    spec = importlib.util.spec_from_file_location("app", ROOT / "functions" / "inference" / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


@pytest.fixture
def address(handler: Handler) -> Iterator[str]:
    """What API Gateway does with an HTTP request, on a port of this machine."""

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            event = {
                "httpMethod": self.command,
                "path": urlsplit(self.path).path,
                "headers": dict(self.headers.items()),
                "requestContext": {"requestId": "request-1"},
                "body": self.rfile.read(length).decode("utf-8", "replace") if length else None,
                "isBase64Encoded": False,
            }
            answer = handler(event, None)
            data = answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, value in (answer["headers"] | {"Content-Length": str(len(data))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def _forget() -> None:
    """Connections and models are kept for the life of a process; here each test is one."""
    for kept in (open_store, registry):
        kept.cache_clear()


def event(name: str) -> dict[str, Any]:
    return dict(json.loads((EVENTS / name).read_text()))


def predict(handler: Handler) -> dict[str, Any]:
    body = json.dumps({"instances": [tiny.ADA]})
    sent = event("14-predict.json") | {"path": "/v1/models/people:predict", "body": body}
    answer = handler(sent, None)
    assert answer["statusCode"] == 200, answer
    return dict(json.loads(answer["body"]))


def tensor(name: str, datatype: str, data: list[Any], kind: Any) -> InferInput:
    made = InferInput(name, [len(data)], datatype)
    made.set_data_from_numpy(np.array(data, dtype=kind), binary_data=False)
    return made


def asked(binary: bool = False) -> list[InferInput]:
    age = InferInput("age", [2], "INT64")
    age.set_data_from_numpy(np.array([36, 70], dtype=np.int64), binary_data=binary)
    return [
        age,
        tensor("hours", "FP32", [40.5, 20], np.float32),
        tensor("city", "BYTES", ["London", "Köln"], object),
        tensor("member", "BOOL", [True, False], np.bool_),
        tensor("joined", "BYTES", ["2019-01-31T08:00:00Z", "2010-01-31T08:00:00Z"], object),
    ]


@pytest.mark.parametrize(
    ("kind", "ahead", "objects"),
    # To name the models takes a definition more.
    [("provisioned-concurrency", 9, 9), ("on-demand", 0, 8), ("snap-start", 0, 8)],
)
def test_a_process_that_is_paid_for_to_be_ready_loads_its_models_before_it_is_asked(
    lake: Store, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kind: str, ahead: int, objects: int
) -> None:
    read: list[str] = []
    reads = Store.read

    def counted(store: Store, key: str) -> Object:
        read.append(key)
        return reads(store, key)

    monkeypatch.setattr(Store, "read", counted)
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)

    handler: Handler = request.getfixturevalue("handler")

    assert len(read) == ahead
    assert predict(handler)["model_version"] == "people-1"
    assert len(read) == objects


def test_a_client_of_the_open_inference_protocol_gets_its_answers(lake: Store, address: str, handler: Handler) -> None:
    with InferenceServerClient(address) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("people")
        assert client.is_model_ready("people", "people-1")
        assert not client.is_model_ready("nobody")
        assert client.get_server_metadata()["name"] == "refrain"
        metadata = client.get_model_metadata("people")
        outputs = [InferRequestedOutput(name, binary_data=False) for name in ("label", "probabilities")]
        result = client.infer("people", asked(), outputs=outputs, request_id="mine")
    shares = result.as_numpy("probabilities")
    labels = result.as_numpy("label")
    assert result.get_response()["id"] == "mine"
    assert shares.shape == (2, 2)
    classes = metadata["parameters"]["classes"]
    assert [classes[place] for place in shares.argmax(axis=1)] == labels.tolist()
    instance = tiny.ADA | {"sex": None}
    body = json.dumps({"instances": [instance]})
    one = handler(event("14-predict.json") | {"path": "/v1/models/people:predict", "body": body}, None)
    assert json.loads(one["body"])["predictions"][0]["probabilities"] == pytest.approx(
        dict(zip(classes, shares[0].tolist(), strict=True)), abs=1e-6
    )


def test_a_client_that_names_no_outputs_gets_all_of_them_as_json(lake: Store, address: str) -> None:
    with InferenceServerClient(address) as client:
        result = client.infer("people", asked())
    assert result.as_numpy("unfamiliar").shape == (2,)


def test_a_client_that_sends_binary_tensors_is_told_what_to_do(lake: Store, address: str) -> None:
    with InferenceServerClient(address) as client, pytest.raises(InferenceServerException, match="binary_data=False"):
        client.infer("people", asked(binary=True))


def test_errors_come_over_http_as_problem_documents(lake: Store, address: str) -> None:
    request = urllib.request.Request(
        f"http://{address}/v1/models/people:predict",
        data=b'{"instances": [{"age": 390}]}',
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert (answer.code, answer.headers["Content-Type"]) == (422, "application/problem+json")
        assert json.load(answer)["problems"][0]["column"] == "age"


def test_a_new_deployment_is_picked_up_from_s3(lake: Store, handler: Handler, people: tiny.Model) -> None:
    assert predict(handler)["model_version"] == "people-1"
    tiny.deploy(lake, people.named("people-2"), people)
    time.sleep(0.15)
    assert predict(handler)["model_version"] == "people-2"


def test_a_champion_that_answers_otherwise_is_not_served(lake: Store, handler: Handler, people: tiny.Model) -> None:
    tiny.deploy(lake, people.named("people-2").broken(), people)
    assert predict(handler)["model_version"] == "people-1"


def test_what_is_loaded_keeps_answering_when_s3_is_gone(s3: ThreadedMotoServer, lake: Store, handler: Handler) -> None:
    assert predict(handler)["model_version"] == "people-1"
    s3.stop()
    time.sleep(0.15)
    started = time.monotonic()
    assert predict(handler)["model_version"] == "people-1"
    assert time.monotonic() - started < 25, "API Gateway gives up after 29 seconds"
    s3.start()


@pytest.mark.parametrize("path", sorted(EVENTS.glob("1[4-9]-*.json")), ids=lambda path: path.stem)
def test_the_sample_events_are_understood(lake: Store, handler: Handler, path: Path) -> None:
    """They ask for `tumours`, which is not in this lake: what counts is that each is a route that is there."""
    answer = handler(event(path.name), None)
    document = json.loads(answer["body"])
    assert answer["statusCode"] == 200 or document["code"] in {"unknown_model", "not_trained"}
