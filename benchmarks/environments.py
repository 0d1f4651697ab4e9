"""Environments of the peers that cannot live in the project's own: one each, in build/peers, made when first needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.income_model import ROOT

PEERS = Path(__file__).with_name("peers")
BUILT = ROOT / "build" / "peers"
MINUTES = 10
QUIET = {"BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}


class NotInstalled(Exception):
    """An environment cannot be made; says why in a word."""


def make_environment(name: str, peers: Path = PEERS, built: Path = BUILT) -> Path:
    """Return the folder of a peer's environment, made of its `requirements.txt` unless that was done already.

    Raises:
        NotInstalled: with the first lines of what uv said.
    """
    wanted = (peers / name / "requirements.txt").read_text(encoding="utf-8")
    folder, done = built / name, built / name / "requirements.txt"
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return folder
    print(f"installing {name} …", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--quiet", "--python", "3.13", str(folder))
    arguments = ["--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
    _uv("pip", "install", *arguments, "--requirements", str(peers / name / "requirements.txt"))
    done.write_text(wanted, encoding="utf-8")
    return folder


def peer_variables() -> dict[str, str]:
    """Return the environment variables of a process of a peer: nothing of ours, and no reports to its makers."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | QUIET


def _uv(*arguments: str) -> None:
    command = [_found(), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * MINUTES, cwd=ROOT)
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"did not install within {MINUTES} minutes") from error
    if done.returncode:
        said = " ".join(line.strip(" ×╰─▶│") for line in done.stderr.splitlines()[:2])
        raise NotInstalled(f"does not install: {re.sub(r'\S+://\S+', '(an address)', said)}"[:200])


def _found() -> str:
    """Find uv where the Makefile does; it says so in `UV`."""
    found = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools" / "uv" / "bin" / "uv")
    if not shutil.which(found):
        raise NotInstalled("does not install: uv is not here")
    return found
