from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cli.exit_codes import NoStack
from cli.stack_choice import choose_stack
from local.lake_store import open_lake
from local.local_stack import LocalStack

if TYPE_CHECKING:
    from pathlib import Path

ADDRESSES = {"api_url": "http://127.0.0.1:1", "aws_endpoint_url": "http://127.0.0.1:2", "lake_bucket": "lake"}


def write_stack(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "stack.json").write_text(json.dumps(ADDRESSES))


def test_the_local_cloud_of_the_folder_or_one_above_is_the_usual_one(tmp_path: Path) -> None:
    write_stack(tmp_path / ".local")
    (tmp_path / "inner").mkdir()

    assert choose_stack(None, tmp_path / "inner").stack == ADDRESSES


def test_a_local_stack_is_found_by_its_name(tmp_path: Path) -> None:
    write_stack(tmp_path / ".local" / "stacks" / "second")

    assert choose_stack("second", tmp_path).stack == ADDRESSES
    with pytest.raises(NoStack):
        choose_stack(None, tmp_path)


def test_a_store_of_the_local_cloud_ignores_the_credentials_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    before = dict(os.environ)

    open_lake(LocalStack(ADDRESSES))

    assert dict(os.environ) == before


def test_clients_of_the_local_cloud_ignore_the_profile_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")

    client = LocalStack(ADDRESSES).client("s3")

    assert client.meta.endpoint_url == ADDRESSES["aws_endpoint_url"]
