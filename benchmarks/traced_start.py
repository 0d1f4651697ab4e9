"""Starts a function's process and records the times of each import and each step of its first call.

It stands before `local/start_function.py` in the command of a built function, and so imports none of our modules
itself. All times are of the system's monotonic clock, which the process that started this one reads too.
"""

from __future__ import annotations

import builtins
import functools
import gc
import importlib
import json
import os
import runpy
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would take time that is measured
    from typing import Any

STEPS = (
    ("refrain.serving.registry.registry", "open_store", "open the store"),
    ("refrain.serving.registry.version_choice", "load_version", "load the version"),
    ("refrain.lake.deployment:Deployment", "read_with_etag", "read the deployment"),
    ("refrain.model.loading", "read_version_files", "read the files of the version"),
    ("refrain.lake.version", "_read", "read"),
    ("refrain.lake.version:Manifest", "parse_definition", "read the definition"),
    ("refrain.model.tabular", "open_graph", "make the graph's session"),
    ("refrain.model.tabular:TabularModel", "replay", "replay the golden rows"),
    ("refrain.serving.registry.registry:Registry", "definition", "read the definition of today"),
    ("refrain.serving.http.v1", "predict", "predict"),
)
"""The steps: module (or module:class), function, and title."""

spans: list[dict[str, object]] = []


def note(kind: str, name: str, call: Any, *arguments: Any, **named: Any) -> Any:
    """Call a function and record its times; `aside` marks another thread."""
    aside = threading.current_thread() is not threading.main_thread()
    started = time.monotonic_ns()
    try:
        return call(*arguments, **named)
    finally:
        spans.append({"kind": kind, "name": name, "from": started, "to": time.monotonic_ns(), "aside": aside})


def _watch_garbage() -> None:
    began: list[int] = []

    def noting(phase: str, _: Any) -> None:
        if phase == "start":
            began.append(time.monotonic_ns())
        else:
            spans.append(
                {
                    "kind": "garbage",
                    "name": "collect garbage",
                    "from": began.pop(),
                    "to": time.monotonic_ns(),
                    "aside": True,
                }
            )

    gc.callbacks.append(noting)


def _watch_imports() -> None:
    really_import, really_import_module = builtins.__import__, importlib.import_module

    def watching(name: str, *arguments: Any, **named: Any) -> Any:
        full = (
            f"{arguments[0]['__package__']}.{name}" if len(arguments) > 3 and arguments[3] else name
        )  # a relative import
        if full in sys.modules:
            return really_import(name, *arguments, **named)
        return note("import", full, really_import, name, *arguments, **named)

    def watching_module(name: str, package: str | None = None) -> Any:
        if name in sys.modules:
            return really_import_module(name, package)
        module = note("import", name, really_import_module, name, package)
        if name == "app":
            _watch_steps(module)
        return module

    builtins.__import__, importlib.import_module = watching, watching_module


def _watch_steps(app: Any) -> None:
    for path, function, title in STEPS:
        module, _, inner = path.partition(":")
        holder = sys.modules[module]
        holder = getattr(holder, inner) if inner else holder
        really = getattr(holder, function)

        def watched(*arguments: Any, _really: Any = really, _title: str = title, **named: Any) -> Any:
            name = f"{_title} {arguments[-1]}" if _title == "read" else _title
            return note("step", name, _really, *arguments, **named)

        setattr(holder, function, functools.wraps(really)(watched))
    handler = app.handler

    def first(event: Any, context: Any) -> Any:
        answer = note("step", "the first call", handler, event, context)
        with open(os.environ["TRACE"], "w") as file:  # noqa: PTH123
            json.dump({"began": _BEGAN, "spans": spans}, file)
        return answer

    app.handler = first


if __name__ == "__main__":
    _BEGAN = time.monotonic_ns()
    _watch_garbage()
    _watch_imports()
    sys.argv = [argument for argument in sys.argv[1:] if argument != "-P"]
    sys.path[0] = ""
    runpy.run_path(sys.argv[0], run_name="__main__")
