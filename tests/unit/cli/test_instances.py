from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cli.exit_codes import RefusedCommand, UsageError
from cli.instances import parse_row, read_instances
from preprocessing import parse_definition

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = parse_definition(
    "shop",
    {
        "task": "classification",
        "target": "bought",
        "source": {"delimiter": ";", "rename": {"Fee (EUR)": "fee"}},
        "columns": {
            "fee": {"type": "number"},
            "plan": {"type": "category"},
            "day": {"type": "time"},
            "bought": {"type": "boolean"},
        },
        "derived": {"month": {"make": "month", "from": "day"}},
        "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
    },
    "shop.toml",
)


def read(path: Path) -> list[dict[str, Any]]:
    return [row for batch in read_instances(path, DEFINITION) for row in batch]


@pytest.mark.parametrize("rows", [1, 2500])
def test_a_csv_without_the_target_is_read_by_the_source_of_the_definition(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("Fee (EUR);plan;day\n" + "2.5;basic;2026-01-02\n" * rows)

    instances = read(path)

    assert len(instances) == rows
    assert {(float(row["fee"]), row["plan"], str(row["day"])[:10]) for row in instances} == {
        (2.5, "basic", "2026-01-02")
    }


def test_a_value_that_cannot_be_used_reaches_the_api_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("Fee (EUR);plan;day\n2.5;basic;2026-01-02\na lot;basic;2026-01-02\n3;pro;2026-01-02\n")

    assert [row["fee"] for row in read(path)] in (["2.5", "a lot", "3"], [2.5, "a lot", 3.0])


def test_json_lines_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"fee": 2.5, "plan": null}\n{"fee": 3, "plan": "pro"}\n')

    assert [(row["fee"], row["plan"]) for row in read(path)] == [(2.5, None), (3, "pro")]


def test_a_broken_line_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("Fee (EUR);plan;day\n2.5;basic;2026-01-02\n2.5;basic;2026-01-02;more\n")

    with pytest.raises(RefusedCommand, match="line 3"):
        read(path)


@pytest.mark.parametrize("argument", ["fee", "k:=no", "{fee: 1}"])
def test_what_is_neither_a_pair_nor_json_is_a_wrong_use(argument: str) -> None:
    with pytest.raises(UsageError):
        parse_row([argument])
