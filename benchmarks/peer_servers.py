"""The servers that people use for scikit-learn models: how to start each, and its requests."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks import peer_handlers
from benchmarks.environments import PEERS, NotInstalled, make_environment, peer_variables
from benchmarks.server_process import Peer, Server

if TYPE_CHECKING:
    from benchmarks.server_process import ServerFolders


def tensors(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Write instances by the Open Inference Protocol, with one input a column, to be read as a data frame."""
    inputs = [
        {
            "name": name,
            "shape": [len(rows), 1],
            "datatype": "BYTES" if isinstance(rows[0][name], str) else "FP64",
            "parameters": {"content_type": "str"} if isinstance(rows[0][name], str) else {},
            "data": [row[name] for row in rows],
        }
        for name in rows[0]
    ]
    return {"parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": [{"name": "predict_proba"}]}


SERVERS = (
    Peer(
        "fastapi",
        "FastAPI + scikit-learn",
        ("uvicorn", "service:app", "--port", "{port}", "--log-level", "warning"),
        "/predict",
        lambda rows: {"instances": rows},
    ),
    Peer(
        "mlflow",
        "MLflow, scikit-learn",
        ("mlflow", "models", "serve", "-m", "served", "-p", "{port}", "--env-manager", "local"),
        "/invocations",
        lambda rows: {"dataframe_records": rows},
    ),
    Peer(
        "bentoml",
        "BentoML, ONNX",
        ("bentoml", "serve", "service:Income", "--host", "127.0.0.1", "--port", "{port}"),
        "/predict",
        lambda rows: {"instances": rows},
    ),
    Peer(
        "mlserver",
        "MLServer, scikit-learn",
        ("mlserver", "start", "."),
        "/v2/models/income/infer",
        tensors,
        {"MLSERVER_PARALLEL_WORKERS": "0", "MLSERVER_HOST": "127.0.0.1", "MLSERVER_HTTP_PORT": "{port}"},
        ("MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT"),
    ),
)


@cache
def prepare_servers() -> tuple[tuple[tuple[Peer, ServerFolders], ...], tuple[str, ...]]:
    """Prepare every server and start it once; return those that answer, and a reason for each of the others."""
    servers: list[tuple[Peer, ServerFolders]] = []
    skipped: list[str] = []
    for peer in SERVERS:
        try:
            folders = prepare_folder(peer.name)
            Server(peer, folders).stop()
        except NotInstalled as error:
            skipped.append(f"{peer.title}: it {error}")
        else:
            servers.append((peer, folders))
    return tuple(servers), tuple(skipped)


def prepare_folder(name: str) -> ServerFolders:
    """Put a peer's files and the model into its environment. Raises `NotInstalled`."""
    import joblib

    installed = make_environment(name)
    folder = installed / "service"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PEERS / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    joblib.dump(peer_handlers.fitted_pipeline(), folder / "model.joblib")
    (folder / "model.onnx").write_bytes(peer_handlers.column_onnx(peer_handlers.fitted_pipeline()))
    if (folder / "prepare.py").exists():
        command = [str(installed / "bin" / "python"), "prepare.py"]
        done = subprocess.run(command, cwd=folder, env=peer_variables(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotInstalled(f"cannot load the model: {done.stderr.strip().splitlines()[-1]}"[:200])
    return folder, installed
