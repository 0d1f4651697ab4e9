"""The command itself: its help, its start, its exit codes, and one sentence for each error."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
from typing import TYPE_CHECKING

import pytest

from cli.app import COMMANDS, command_name, main, make_app
from cli.exit_codes import (
    FAILED,
    INTERRUPTED,
    NO_STACK,
    REFUSED,
    USAGE,
    RefusedCommand,
    UsageError,
    exit_code_of,
    sentence_of,
)
from local.errors import StackFailed
from preprocessing import DefinitionError
from refrain.errors import InvalidRequest, StorageUnavailable

if TYPE_CHECKING:
    from pathlib import Path

PATHS = [path for paths in COMMANDS.values() for path in paths]
HEAVY = {"boto3", "botocore", "numpy", "onnxruntime", "pandas", "pyarrow", "sklearn", "moto", "samcli", "docutils"}


def test_each_command_has_one_name_and_a_help_of_one_line() -> None:
    app = make_app(described=True)
    names = [command_name(path) for path in PATHS]

    assert len(set(names)) == len(names)
    for name in names:
        assert app[name].help.strip().partition("\n")[0].endswith(".")


@pytest.mark.parametrize("arguments", [["--help"], ["status"]])
def test_neither_the_help_nor_a_start_imports_what_takes_long(arguments: list[str], tmp_path: Path) -> None:
    script = f"import sys; from cli.app import main; main({arguments}); print(*sorted(sys.modules), file=sys.stderr)"

    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
    )

    assert run.returncode == 0
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in run.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["stauts"], ["status", "--jsn"], ["retrain"], ["label", "income"], ["predict", "income"]]
)
def test_a_wrong_argument_is_one_sentence_and_a_code_of_its_own(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == USAGE
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("refrain: ")
    assert len(written.err.splitlines()) == 1


def test_without_a_stack_the_sentence_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["status"]) == NO_STACK
    assert "refrain try" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), USAGE),
        (RefusedCommand("no"), REFUSED),
        (InvalidRequest("no"), REFUSED),
        (DefinitionError("m.toml", "target", "expected"), REFUSED),
        (StorageUnavailable("key", "cause"), FAILED),
        (StackFailed("no"), FAILED),
        (FileNotFoundError(2, "No such file", "rows.csv"), FAILED),
        (urllib.error.URLError("refused"), NO_STACK),
        (ConnectionRefusedError(), NO_STACK),
        (KeyError("a fault of ours"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_error_has_its_code(error: Exception, code: int | None) -> None:
    assert exit_code_of(error) == code


def test_the_sentence_about_a_file_names_it() -> None:
    assert sentence_of(FileNotFoundError(2, "No such file or directory", "rows.csv")) == (
        "rows.csv cannot be read: no such file or directory"
    )


def test_ctrl_c_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.stack_choice.choose_stack", interrupt)

    assert main(["status"]) == INTERRUPTED
    assert capsys.readouterr().err.startswith("refrain: Interrupted.")


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("stack")

    monkeypatch.setattr("cli.stack_choice.choose_stack", fail)

    with pytest.raises(KeyError):
        main(["status"])
