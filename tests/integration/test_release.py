"""A changed preprocessing layer, and a package that is broken, do not reach callers."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from local.demo.uploads import tumour_uploads
from preprocessing import encode
from refrain.release.check import ReleaseRequest, check_release
from refrain.serving.registry.registry import registry
from tests.fake_services import FakeServices
from tests.integration.conftest import ROOT
from tests.integration.loop import handler, retrain, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.integration.conftest import Aws

NEW = "arn:aws:lambda:us-east-1:123456789012:function:inference:2"
EVENT = json.loads((ROOT / "events" / "16-models.json").read_text())


@pytest.fixture
def served(aws: Aws) -> Iterator[str]:
    """A champion."""
    registry.cache_clear()
    aws.define("tumours")
    (_, first), *_ = tumour_uploads().first
    upload(aws, "tumours/first.csv", list(csv.DictReader(io.StringIO(first.decode()))))
    yield retrain("tumours")["champion"]
    registry.cache_clear()


@dataclass
class Versions(FakeServices):
    """The real handler, as it is in service, and as `changed` makes it; each asked in a process that is new."""

    changed: Callable[[pytest.MonkeyPatch], None]
    told: list[bool] = field(default_factory=list)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        registry.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            if function == NEW:
                self.changed(patch)
            return handler("inference")(EVENT | event, None)

    def answer_hook(self, deployment: str, hook: str, *, succeeded: bool) -> None:
        self.told.append(succeeded)


def the_same(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def another_encoding(patch: pytest.MonkeyPatch) -> None:
    """Do what a careless change of the preprocessing layer would do: the same shape, other numbers."""
    patch.setattr("refrain.model.tabular.encode", lambda *given: encode(*given) * 1.001)


def test_the_same_code_may_go_on(served: str) -> None:
    versions = Versions(the_same)

    assert check_release(versions, ReleaseRequest("d-1", "h-1"), NEW) == {
        "champions": 1,
        "refused": {},
        "broken_before": {},
    }
    assert versions.told == [True]


def test_a_changed_preprocessing_layer_does_not_reach_callers(served: str) -> None:
    versions = Versions(another_encoding)

    assert check_release(versions, ReleaseRequest("d-1", "h-1"), NEW)["refused"] == {"tumours": served}
    assert versions.told == [False]
