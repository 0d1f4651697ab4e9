"""The people of a call: one key by its columns, or a file of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.app import main
from cli.forget import read_keys

if TYPE_CHECKING:
    from pathlib import Path


def test_columns_of_one_key_come_one_by_one() -> None:
    assert read_keys(["shop=s1", "customer=a=b"], None) == [{"shop": "s1", "customer": "a=b"}]


def test_a_file_has_many_keys(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("\ufeffshop,customer\ns1,c1\ns2,c2\n")

    assert read_keys([], file) == [{"shop": "s1", "customer": "c1"}, {"shop": "s2", "customer": "c2"}]


@pytest.mark.parametrize(
    "arguments", [[], ["--key", "c1"], ["--key", "=c1"], ["--key", "customer=c1", "--keys", "people.csv"]], ids=" ".join
)
def test_a_call_that_names_nobody_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "shops", *arguments]) == 2
    assert "column=value" in capsys.readouterr().err
