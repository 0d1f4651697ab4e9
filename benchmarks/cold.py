"""A cold start of the built package, from the start of its process to the first answer, with the model in S3."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import income_model
from benchmarks.built_functions import built_functions
from benchmarks.pandas_function import pandas_functions
from benchmarks.peer_servers import prepare_servers
from benchmarks.result import Group, Part
from benchmarks.server_process import Server
from benchmarks.timing import MILLISECONDS, summarise
from local.processes import FunctionProcess

if TYPE_CHECKING:
    from benchmarks.built_functions import BuiltFunctions
    from benchmarks.result import Kind
    from benchmarks.server_process import Peer, ServerFolders
    from local.processes import Function

TITLE = "Cold start"
STARTS = 15
PEER_STARTS = 5
FLOOR, OURS = "hello-world", "Refrain, model and golden replay included"
GOAL = "≤ 3 × hello-world and the round trips to S3; ≤ 230 ms on a quiet machine"
NOTES = (
    "Functions run on the built packages and the packages of the Lambda runtime, by an interpreter without others. The "
    "file system's cache is warm. S3 is moto in a process of its own, which needs some milliseconds for each object: "
    "the deployment, then four at once. Processor time is that of the process, which depends less on other load.",
    "The pandas + scikit-learn handler has its model beside its code and fetches nothing. Without bytecode its "
    "packages are compiled at each start, as on Lambda when the package has none. Servers start by their own commands "
    "with bytecode, and are called every 5 ms until they answer.",
)


def measure() -> Part:
    """Start each process in turn, ask it once and end it."""
    with built_functions() as functions:
        usual, none = pandas_functions(functions)
        servers, skipped = prepare_servers()
        starts: dict[str, list[tuple[float, float]]] = {}
        served: dict[str, list[float]] = {}
        for start in range(STARTS):
            often = start % (STARTS // PEER_STARTS) == 0
            for name, function in (
                {FLOOR: functions.hello, OURS: functions.inference} | (usual if often else {})
            ).items():
                starts.setdefault(name, []).append(first_answer(functions, function))
            for peer, laid in servers if often else ():
                served.setdefault(peer.title, []).append(_first_of(peer, laid))
    clock, processor = ({name: [times[at] for times in taken] for name, taken in starts.items()} for at in (0, 1))
    groups = (_group("process start to first answer", clock | served, GOAL), _group("processor time of it", processor))
    return Part("cold", TITLE, groups, skipped=none + skipped, notes=NOTES)


def _group(title: str, taken: dict[str, list[float]], goal: str = "") -> Group:
    kinds: dict[str, Kind] = {FLOOR: "floor", OURS: "ours"}
    rows = tuple(summarise(name, kinds.get(name, "peer"), seconds, MILLISECONDS) for name, seconds in taken.items())
    return Group(title, "ms", rows, FLOOR, goal)


def _first_of(peer: Peer, folders: ServerFolders) -> float:
    server = Server(peer, folders)
    server.stop()
    return server.first


def first_answer(functions: BuiltFunctions, function: Function) -> tuple[float, float]:
    """Return the seconds from the start of a process to its first answer, and the processor seconds of its threads."""
    event = json.dumps(next(income_model.predict_events(1))).encode()
    started = time.perf_counter()
    process = FunctionProcess(function, functions.logs / "cold.log", functions.logs / "tmp")
    answer = process.call(event)
    taken = time.perf_counter() - started
    ran = (
        sum(int(thread.read_text().split()[0]) for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat"))
        / 1e9
    )
    process.stop()
    if answer.failed or json.loads(answer.payload)["statusCode"] != 200:
        raise RuntimeError(answer.payload.decode()[:500])
    return taken, ran
