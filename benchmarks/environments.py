"""Makes an environment in build/peers for each peer that cannot share the project's, when it is first needed."""

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
    """An environment cannot be made; the message says why."""


def make_environment(name: str, peers: Path = PEERS, built: Path = BUILT) -> Path:
    """Return the folder of a peer's environment, made from its `requirements.txt` when they changed.

    These name all packages, so nothing else is resolved: limits of a peer that has no newer release do not stop it.

    Raises:
        NotInstalled: with the first lines of uv's output.
    """
    wanted = (peers / name / "requirements.txt").read_text(encoding="utf-8")
    folder, done = built / name, built / name / "requirements.txt"
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return folder
    print(f"installing {name} …", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--quiet", "--python", "3.13", str(folder))
    arguments = ["--quiet", "--no-deps", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
    _uv("pip", "install", *arguments, "--requirements", str(peers / name / "requirements.txt"))
    done.write_text(wanted, encoding="utf-8")
    return folder


def peer_variables() -> dict[str, str]:
    """Return the environment variables of a peer's process: none of ours, and no telemetry."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | QUIET


def _uv(*arguments: str) -> None:
    command = [_uv_program(), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * MINUTES, cwd=ROOT)
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"did not install within {MINUTES} minutes") from error
    if done.returncode:
        message = " ".join(line.strip(" ×╰─▶│") for line in done.stderr.splitlines()[:2])
        raise NotInstalled(f"does not install: {re.sub(r'\S+://\S+', '(an address)', message)}"[:200])


def _uv_program() -> str:
    """Find uv where the Makefile does, which sets `UV`."""
    uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools" / "uv" / "bin" / "uv")
    if not shutil.which(uv):
        raise NotInstalled("does not install: uv is missing")
    return uv
