"""The built inference function and two smaller ones, run by Lambda's own runtime client."""

from __future__ import annotations

import compileall
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from benchmarks import income_model
from local import runtime
from local.functions import FunctionHost, read_functions
from local.names import REGION
from local.template import read_template
from refrain.aws.storage import Store
from tests.stored import define
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.processes import Function

TEMPLATE = income_model.ROOT / ".aws-sam" / "build" / "template.yaml"
HELLO = '''"""Says hello, as an API answers."""

import json


def handler(event, context):
    """Answer."""
    return {"statusCode": 200, "headers": {}, "body": json.dumps({"hello": event["path"]}), "isBase64Encoded": False}
'''
GRAPH = '''"""Runs a graph on a matrix that is ready, and prints a line: the least that a captured prediction can be."""

import sys

import numpy
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("model.onnx", options)
matrix = numpy.zeros((1, session.get_inputs()[0].shape[1]), numpy.float32)
line = "x" * 700 + "\\n"


def handler(event, context):
    """Answer."""
    session.run(["probabilities"], {"features": matrix})
    sys.stdout.write(line)
    sys.stdout.flush()
    return {"statusCode": 200, "headers": {}, "body": "{}", "isBase64Encoded": False}
'''
LAKE = "bench-lake"


@dataclass(frozen=True)
class BuiltFunctions:
    """Functions that are ready to start; the lake holds one version of the income model, which `graph` has too."""

    inference: Function
    hello: Function
    graph: Function
    logs: Path


@contextmanager
def built_functions(candidate: str = "logistic") -> Iterator[BuiltFunctions]:
    """Put a version into an S3 server of its own and prepare the functions. Needs `make build`."""
    folder = Path(tempfile.mkdtemp(prefix="refrain-bench-"))
    model = income_model.train_version(candidate)
    with _s3() as endpoint:
        _fill(endpoint, model)
        host = FunctionHost(endpoint, folder / "runtime")
        built = {function.name: function for function in read_functions(read_template(TEMPLATE), host)}
        inference = next(function for name, function in built.items() if "inference" in name)
        variables = {"REFRAIN_LAKE_BUCKET": LAKE, "REFRAIN_REFRESH_SECONDS": "3600"}
        inference = replace(inference, environment={**inference.environment, **variables})
        try:
            brought = folder / "runtime"
            hello = _floor(inference, folder / "hello", HELLO, (brought,))
            graph = _floor(inference, folder / "graph", GRAPH, inference.path[1:])
            (graph.folder / "model.onnx").write_bytes(model.files.model)
            yield BuiltFunctions(inference, hello, graph, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _floor(like: Function, folder: Path, code: str, path: tuple[Path, ...]) -> Function:
    """Prepare a function of a few lines."""
    folder.mkdir()
    (folder / "app.py").write_text(code, encoding="utf-8")
    compileall.compile_dir(folder, quiet=1)
    environment = {name: value for name, value in like.environment.items() if not name.startswith("REFRAIN_")}
    return replace(
        like,
        name=folder.name,
        folder=folder,
        path=(folder, *path),
        environment=environment,
        python=runtime.bare_python(),
    )


@contextmanager
def _s3() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        _await(endpoint)
        yield endpoint
    finally:
        server.terminate()
        server.wait()


def _await(endpoint: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(endpoint)


def _fill(endpoint: str, model: tiny.Model) -> None:
    os.environ |= {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    os.environ |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=LAKE)
    tiny.deploy(Store(LAKE), model)
    define(Store(LAKE), income_model.MODEL)
