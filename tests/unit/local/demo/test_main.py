"""`make demo` accepts the name of a demo, a file with its definition, or nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from local.demo.__main__ import main
from local.errors import NotStarted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["tunes", "Songs", "songs.toml"])
def test_an_unknown_name_without_data_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", name]) == 2
    assert "DATA and MODEL go together" in capsys.readouterr().err


def test_with_data_songs_is_the_name_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a\n1\n")

    assert main(["--data", str(rows), "--model", "songs"]) == 2
    assert "songs" in capsys.readouterr().err


def test_songs_alone_runs_the_songs_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []
    monkeypatch.setattr("local.demo.songs.songs_story.perform", folders.append)

    assert main(["--model", "songs"]) == 0
    assert len(folders) == 1


def test_the_folder_of_its_logs_stays_after_a_failure_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders: list[Path] = []

    def fail(folder: Path) -> None:
        folders.append(folder)
        raise NotStarted(f"see {folder / 'up.log'}")

    monkeypatch.setattr("local.demo.songs.songs_story.perform", fail)
    assert main(["--model", "songs"]) == 1
    assert folders[0].is_dir()
    assert str(folders[0]) in capsys.readouterr().out.replace("\n", "")
    shutil.rmtree(folders[0])

    monkeypatch.setattr("local.demo.songs.songs_story.perform", folders.append)
    assert main(["--model", "songs"]) == 0
    assert not folders[1].exists()


@pytest.mark.parametrize(
    ("data", "model"), [("absent.csv", "tumours.toml"), (".", "tumours.toml"), (".", "absent.toml")]
)
def test_a_file_that_cannot_be_read_is_named_in_a_sentence(
    data: str, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy("examples/tumours.toml", tmp_path)

    assert main(["--data", str(tmp_path / data), "--model", str(tmp_path / model)]) == 2
    message = capsys.readouterr().err
    assert "cannot be read" in message
    assert "Errno" not in message
