from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.version import version_key
from refrain.serving.registry.warming import load_all
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from tests.unit.serving.conftest import Api


def test_all_models_that_are_deployed_are_loaded(api: Api) -> None:
    load_all(api.registry)
    api.lake.down = True

    assert api.predict("people", tiny.ADA)["model_version"] == "people-1"
    assert api.predict("flats", {"area": 70.5, "rooms": 3})["model_version"] == "flats-1"


def test_a_broken_one_does_not_keep_the_others_from_being_loaded(api: Api) -> None:
    api.lake.write(version_key("flats", "flats-1", "model.onnx"), b"damaged")

    load_all(api.registry)
    api.lake.down = True

    assert api.predict("people", tiny.ADA)["model_version"] == "people-1"


def test_without_s3_the_process_starts_and_loads_what_it_is_asked_for(api: Api) -> None:
    api.lake.down = True

    load_all(api.registry)

    assert len(api.lake.reads) == 1  # every further try would take seconds
    api.lake.down = False
    assert api.predict("people", tiny.ADA)["model_version"] == "people-1"
