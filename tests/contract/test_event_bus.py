"""Events: the table in the docs has those that the code sends, and the example rule understands all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from moto.events.models import EventPattern
from samcli.yamlhelper import yaml_parse

from refrain.aws.event_bus import EventName
from tests.documented_events import DOCUMENTED_FACTS

RECIPE: dict[str, Any] = yaml_parse((Path(__file__).parents[2] / "docs" / "recipes" / "slack.yaml").read_text())
RULE = RECIPE["Resources"]["PostEvents"]["Properties"]
SUMMARY = 'The column "plan" differs,\nand \\ too.'


def event(name: str, source: str = "refrain.refrain") -> Any:
    return {"source": source, "detail-type": name, "detail": {"id": "1", "model": "shop", "summary": SUMMARY}}


def test_every_event_has_a_row_and_every_row_an_event() -> None:
    assert list(DOCUMENTED_FACTS) == list(get_args(EventName))


def test_the_example_rule_posts_all_events_but_the_ordinary_ends_of_runs() -> None:
    names = RECIPE["Parameters"]["Events"]["Default"].split(",")
    pattern = EventPattern.load(json.dumps({"source": ["refrain.refrain"], "detail-type": names}))
    source = RULE["EventPattern"]["source"][0]["Fn::Sub"]

    assert source == "refrain.${Stack}"
    posted = {name for name in DOCUMENTED_FACTS if pattern.matches_event(event(name))}
    assert posted == set(DOCUMENTED_FACTS) - {"Kept", "Refreshed", "Superseded"}
    assert not pattern.matches_event(event("Promoted", "refrain.other"))


@pytest.mark.parametrize("name", DOCUMENTED_FACTS)
def test_the_example_rule_posts_valid_json_whatever_the_summary_holds(name: str) -> None:
    """EventBridge writes a value without quotes around it as JSON."""
    transformer = RULE["Targets"][0]["InputTransformer"]
    text = transformer["InputTemplate"]
    for field, path in transformer["InputPathsMap"].items():
        value: Any = event(name)
        for key in path.removeprefix("$.").split("."):
            value = value[key]
        text = text.replace(f"<{field}>", json.dumps(value))

    assert json.loads(text) == {"text": name, "attachments": [{"title": "shop", "text": SUMMARY}]}
