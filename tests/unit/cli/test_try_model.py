"""What `refrain try` does before and after its cloud runs; the cloud itself is tested elsewhere."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from cli import try_model
from cli.app import main
from cli.exit_codes import FAILED, REFUSED
from cli.output import result_console
from local.cloud import Cloud
from preprocessing import load_definition

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "area,rooms,price\n" + "".join(f"{20 + row},{row % 5},{(20 + row) * 3.5}\n" for row in range(200))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the shell, and no cloud that starts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Cloud, "__enter__", lambda _: pytest.fail("the cloud was started"))
    return tmp_path


def test_a_definition_is_drafted_once_and_never_replaced(folder: Path) -> None:
    data = folder / "Flats 2026.csv"
    data.write_text(ROWS)

    path = try_model._draft_definition(data, "price")

    assert load_definition(path).target == "price"
    path.write_text("# changed by a person\n" + path.read_text())
    before = path.read_text()
    assert try_model._draft_definition(data, "rooms") == path
    assert path.read_text() == before


def test_a_misspelt_name_and_a_broken_definition_are_told_before_the_cloud_starts(folder: Path) -> None:
    (folder / "flats.csv").write_text(ROWS)
    (folder / "flats.toml").write_text('task = "ranking"')

    assert main(["try", "flat.csv"]) == FAILED
    assert main(["try", "flats.csv", "flats.toml"]) == REFUSED


class Asked:
    """A client of a model in service."""

    def __init__(self) -> None:
        address = "http://127.0.0.1:1"
        self.stack = {"api_url": address, "api_key": "secret", "aws_endpoint_url": address, "inbox_bucket": "inbox"}

    def ask(self, _: str) -> tuple[int, dict[str, Any]]:
        return 200, {"schema": {"examples": [{"city": "Val d'Or", "area": 20, "rooms": None}]}}


def test_the_printed_lines_can_be_pasted_into_a_shell_and_hold_no_key(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".local").mkdir()
    client: Any = Asked()

    try_model._show_ways(client, result_console(), "flats")

    printed = capsys.readouterr().out
    lines = {words[0]: words for line in printed.splitlines() if (words := shlex.split(line))}
    assert "secret" not in printed
    assert lines["refrain"] == ["refrain", "predict", "flats", "city=Val d'Or", "area=20"]
    assert lines["curl"][-1] == '{"instances": [{"city": "Val d\'Or", "area": 20, "rooms": null}]}'
    headers = folder / ".local" / "headers"
    assert (headers.stat().st_mode & 0o777, "x-api-key: secret" in headers.read_text()) == (0o600, True)
