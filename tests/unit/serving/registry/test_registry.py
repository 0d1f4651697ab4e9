from __future__ import annotations

import json
import logging
from threading import Thread
from typing import TYPE_CHECKING, Any

from refrain.applying.apply import retire_model
from refrain.lake.deployment import Deployment
from refrain.lake.footprint import Footprint
from refrain.lake.model_definition import ModelDefinition
from refrain.lake.version import version_key
from refrain.model import loading
from refrain.process_memory import MODELS_SHARE, PROCESS_BYTES
from refrain.serving.registry import registry as registry_module
from refrain.serving.registry import version_choice as choice_module
from refrain.serving.registry.registry import Registry
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def version(api: Api) -> str:
    return str(api.predict("people", tiny.ADA)["model_version"])


def test_a_model_is_loaded_once_and_looked_for_every_few_seconds(api: Api) -> None:
    version(api)
    api.lake.reads.clear()
    version(api)
    assert api.lake.reads == []
    api.clock.now = 5.1
    version(api)
    assert api.lake.reads == [ModelDefinition.key("people"), Deployment.key("people")]


def test_a_new_deployment_is_picked_up(api: Api, tiny_version: tiny.Model) -> None:
    assert version(api) == "people-1"
    tiny.deploy(api.lake, tiny_version.named("people-2"), tiny_version)
    assert version(api) == "people-1"
    api.clock.now = 5.1
    assert version(api) == "people-2"


def test_what_is_loaded_keeps_answering_when_s3_fails_and_s3_is_left_alone_for_longer(api: Api) -> None:
    version(api)
    api.lake.down = True
    api.lake.reads.clear()
    for second in range(1, 100):
        api.clock.now = second
        assert version(api) == "people-1"
    assert 3 <= len(api.lake.reads) <= 5
    assert api.ask("GET", "/v2/health/ready").status == 503
    api.lake.down = False
    api.clock.now = 1000
    assert version(api) == "people-1"
    assert api.ask("GET", "/v2/health/ready").status == 200


def test_while_s3_fails_the_process_is_not_ready_though_it_answers(api: Api) -> None:
    retire_model(api.lake, "untrained", "a test")
    assert api.ask("GET", "/v2/health/ready").status == 200
    api.lake.down = True
    api.clock.now = 6
    assert (api.ask("GET", "/v2/health/ready").status, version(api)) == (503, "people-1")


def test_when_s3_fails_for_one_model_the_others_do_not_wait_for_it_too(api: Api) -> None:
    version(api)
    api.predict("flats", {"area": 50})
    api.lake.down = True
    api.lake.reads.clear()
    api.clock.now = 6
    version(api)
    api.predict("flats", {"area": 50})
    assert api.lake.reads == [ModelDefinition.key("people")]


def test_when_s3_fails_while_a_new_version_is_loaded_the_old_one_answers_and_the_new_one_is_tried_again(
    api: Api, tiny_version: tiny.Model
) -> None:
    version(api)
    tiny.deploy(api.lake, tiny_version.named("people-2"))
    api.lake.fails = "versions/"
    api.clock.now = 6
    assert version(api) == "people-1"
    api.lake.fails = ""
    api.clock.now = 100
    assert version(api) == "people-2"


def test_without_s3_and_with_nothing_loaded_it_is_a_503_that_shows_nothing_of_the_inside(api: Api) -> None:
    api.lake.down = True
    answer = api.ask("POST", "/v1/models/people:predict", {"instances": [tiny.ADA]})
    problem = read(answer)
    assert (answer.status, problem["code"], answer.headers["Retry-After"]) == (503, "lake_unavailable", "5")
    assert problem["request_id"] == "request-1"
    assert "down" not in answer.body
    assert api.ask("GET", "/v2/health/live").status == 200


def test_a_champion_that_fails_its_proof_is_not_served_but_the_one_before(
    make_api: Callable[[], Api],
    tiny_version: tiny.Model,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    api = make_api()
    tiny.deploy(api.lake, tiny_version.named("people-2").broken(), tiny_version)
    with caplog.at_level(logging.INFO):
        assert version(api) == "people-1"
    refused = next(record for record in caplog.records if record.message == "version refused")
    assert (refused.levelname, refused.__dict__["model"], refused.__dict__["version"]) == (
        "ERROR",
        "people",
        "people-2",
    )
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["VersionRefused"], line["model"]) == (1, "people")
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Refrain/tests"
    assert api.get("/v1/models/people")["refused"] == "people-2"


def test_a_refused_version_is_not_tried_with_every_request_but_after_a_while(
    make_api: Callable[[], Api], tiny_version: tiny.Model
) -> None:
    api = make_api()
    broken = tiny_version.named("people-2").broken()
    tiny.deploy(api.lake, broken, tiny_version)
    for api.clock.now in (0, 6, 12, 200):
        assert version(api) == "people-1"
    graph = version_key("people", "people-2", "model.onnx")
    assert api.lake.reads.count(graph) == 1
    tiny.put_version(api.lake, tiny_version.named("people-2"))
    api.clock.now = 400
    assert version(api) == "people-2"


def test_when_nothing_passes_its_proof_what_is_loaded_keeps_answering(api: Api, tiny_version: tiny.Model) -> None:
    version(api)
    tiny.deploy(api.lake, tiny_version.named("people-3").broken(), tiny_version.named("people-2").broken())
    api.clock.now = 6
    assert version(api) == "people-1"


def test_with_nothing_sound_and_nothing_loaded_it_is_a_503_that_rolls_no_release_back(
    make_api: Callable[[], Api], tiny_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    api = make_api()
    tiny.deploy(api.lake, tiny_version.broken())
    answer = api.ask("POST", "/v1/models/people:predict", {"instances": [tiny.ADA]})
    assert (answer.status, read(answer)["code"]) == (503, "broken_version")
    assert "RequestFailed" not in capsys.readouterr().out
    assert api.ask("GET", "/v2/health/ready").status == 503
    assert api.get("/v1/models")["models"][0]["refused"] == "people-1"


def test_a_damaged_deployment_is_like_an_s3_that_fails(api: Api) -> None:
    version(api)
    for content in (b"{", b"[]", b"{}", b'{"champion": {"name": 1}}'):
        api.lake.write(Deployment.key("people"), content)
        api.clock.now += 100
        assert version(api) == "people-1"
    api.lake.write(Deployment.key("untrained"), b"{}")
    assert api.ask("GET", "/v1/models/untrained").status == 503


def test_a_deployment_that_was_removed_is_no_longer_served(api: Api) -> None:
    version(api)
    api.lake._store.delete(Deployment.key("people"))
    api.clock.now = 6
    assert read(api.ask("GET", "/v1/models/people"))["code"] == "not_trained"


def test_the_model_asked_for_least_recently_makes_room(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "MAX_LOADED_MODELS", 1)
    version(api)
    api.clock.now = 1
    api.predict("flats", {"area": 50})
    api.lake.reads.clear()
    api.clock.now = 2
    version(api)
    assert version_key("people", "people-1", "model.onnx") in api.lake.reads


def test_models_make_room_where_the_memory_is_full(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held, load = [1000], loading.load_version

    def loading_slowly(*arguments: Any) -> Any:
        held.append(held[-1] + 100)
        return load(*arguments)

    monkeypatch.setattr(choice_module, "load_version", loading_slowly)
    monkeypatch.setattr(registry_module, "resident", lambda: held[-1])
    api.registry._memory = 1150 / MODELS_SHARE

    version(api)
    version(api)
    assert held[-1] == 1100
    api.clock.now = 1
    api.predict("flats", {"area": 50})  # 1,200 are held, which is 50 too much: people makes room
    held.append(1100)  # what it held is taken again by what comes next
    api.predict("flats", {"area": 50})
    assert held[-1] == 1100
    version(api)
    assert held[-1] == 1200


def test_a_version_that_was_never_measured_is_served_even_where_the_memory_is_full(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "resident", lambda: 2000)
    api.registry._memory = 1000

    version(api)
    api.lake.reads.clear()

    assert version(api) == "people-1"
    assert api.lake.reads == []


def measured(api: Api, model: str, version: str, megabytes: float) -> None:
    """Say that a version takes so much."""
    held = int(megabytes * 1e6)
    Footprint(held, held, 0.1).write(api.lake, model, version)


def limit(api: Api, monkeypatch: pytest.MonkeyPatch, held: dict[str, float]) -> None:
    """Give models 100 MB together; the process holds the megabytes of those that are loaded."""
    api.registry._memory = (100e6 + PROCESS_BYTES) / MODELS_SHARE
    states = api.registry._states
    monkeypatch.setattr(registry_module, "resident", lambda: PROCESS_BYTES + sum(held[name] * 1e6 for name in states))


def test_a_version_makes_room_for_itself_before_it_is_loaded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(api, monkeypatch, {"people": 60, "flats": 50})
    measured(api, "people", "people-1", 60)
    measured(api, "flats", "flats-1", 50)
    version(api)
    assert api.registry._states["people"].held_bytes == 60e6

    api.clock.now = 1
    api.predict("flats", {"area": 50})

    assert list(api.registry._states) == ["flats"]


def test_a_version_that_never_fits_costs_no_other_model_its_place(
    api: Api, tiny_version: tiny.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(api, monkeypatch, {"people": 40, "flats": 50})
    measured(api, "people", "people-1", 40)
    measured(api, "people", "people-2", 70)
    version(api)
    api.predict("flats", {"area": 50})
    tiny.deploy(api.lake, tiny_version.named("people-2"), tiny_version)

    api.clock.now = 6

    assert version(api) == "people-1"  # 40 and 70 MB are more than there is
    assert set(api.registry._states) == {"people", "flats"}
    assert api.get("/v1/models/people")["refused"] == "people-2"


def test_a_version_that_alone_is_too_large_is_refused_with_what_it_takes(
    make_api: Callable[[], Api],
    tiny_version: tiny.Model,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    api = make_api()
    tiny.deploy(api.lake, tiny_version)
    limit(api, monkeypatch, {"people": 0})
    measured(api, "people", "people-1", 2100)

    assert api.ask("POST", "/v1/models/people:predict", {"instances": [tiny.ADA]}).status == 503

    reasons = [record.__dict__["reason"] for record in caplog.records if record.message == "version refused"]
    assert reasons == ["version people-1: to load it takes 2,003 MB, more than is left"]


def test_many_threads_at_once_load_a_model_once(api: Api) -> None:
    found: list[str] = []
    threads = [Thread(target=lambda: found.append(version(api))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["people-1"] * 8
    assert api.lake.reads.count(version_key("people", "people-1", "model.onnx")) == 1


def test_the_registry_of_the_process_is_made_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    registry_module.registry.cache_clear()
    environment = {"LAKE_BUCKET": "lake", "HISTORY_TABLE": "t", "REFRESH_SECONDS": "5", "ALLOWED_ORIGINS": ""}
    for name, value in environment.items():
        monkeypatch.setenv(f"REFRAIN_{name}", value)
    monkeypatch.setenv("AWS_REGION", "x")
    made = registry_module.registry()
    assert isinstance(made, Registry)
    assert made is registry_module.registry()
    registry_module.registry.cache_clear()


def test_a_version_that_was_trained_under_another_meaning_of_values_is_served_with_a_warning(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "preprocessing_version", "9.0.0")
    assert api.predict("people", tiny.ADA)["model_version"] == "people-1"
    (warning,) = [record for record in caplog.records if "read otherwise" in record.message]
    assert (warning.levelname, vars(warning)["version"], vars(warning)["read_by"]) == ("WARNING", "people-1", "9.0.0")
