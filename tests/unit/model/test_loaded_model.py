from __future__ import annotations

from refrain.model.tabular import TabularModel
from tests.unit.serving import tiny


def test_an_answer_to_instances_is_timed_from_the_instance_to_the_scores(tiny_version: tiny.Model) -> None:
    model = TabularModel.load(tiny_version.files.manifest, tiny_version.files.model)

    assert model.answer([tiny.ADA, tiny.ADA]).shape == (2, 2)
    assert 0 < model.latency_ms([tiny.ADA]) < 1000
