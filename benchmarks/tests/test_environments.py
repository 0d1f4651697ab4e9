"""An environment of a peer is made once; a failure is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import peer_servers
from benchmarks.environments import NotInstalled, make_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKS = (
    '#!/bin/sh\necho "$1" >> "$(dirname "$0")/calls"\nfor folder; do :; done\ntest "$1" = pip || mkdir -p "$folder"\n'
)
FAILS = '#!/bin/sh\necho "  × Failed to fetch: https://index.example/flask/" >&2\nexit 1\n'


@pytest.fixture
def peers(tmp_path: Path) -> Path:
    (tmp_path / "peers" / "flask").mkdir(parents=True)
    (tmp_path / "peers" / "flask" / "requirements.txt").write_text("flask==3\n")
    return tmp_path / "peers"


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "uv"
    program.write_text(WORKS)
    program.chmod(0o755)
    monkeypatch.setenv("UV", str(program))
    return program


def test_an_environment_is_made_once_and_again_for_other_requirements(peers: Path, uv: Path) -> None:
    def calls() -> list[str]:
        make_environment("flask", peers, peers.parent / "built")
        return (uv.parent / "calls").read_text().split()

    assert calls() == ["venv", "pip"]
    assert calls() == ["venv", "pip"]
    (peers / "flask" / "requirements.txt").write_text("flask==4\n")
    assert calls() == ["venv", "pip"] * 2


def test_a_failed_installation_is_reported_and_tried_again(peers: Path, uv: Path) -> None:
    uv.write_text(FAILS)
    for _ in range(2):
        with pytest.raises(NotInstalled, match=r"does not install: Failed to fetch: .an address."):
            make_environment("flask", peers, peers.parent / "built")


def test_without_uv_no_environment_is_made(peers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", str(peers / "nowhere" / "uv"))
    with pytest.raises(NotInstalled, match="uv is missing"):
        make_environment("flask", peers, peers.parent / "built")


@pytest.fixture
def forgetful() -> Iterator[None]:
    peer_servers.prepare_servers.cache_clear()
    yield
    peer_servers.prepare_servers.cache_clear()


@pytest.mark.usefixtures("forgetful")
def test_each_server_that_does_not_install_is_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> Path:
        raise NotInstalled("does not install: there is no network")

    monkeypatch.setattr(peer_servers, "make_environment", fail)

    servers, skipped = peer_servers.prepare_servers()

    assert not servers
    assert skipped == tuple(f"{peer.title}: it does not install: there is no network" for peer in peer_servers.SERVERS)
