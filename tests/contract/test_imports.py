"""What may import what: one table, read from every import of every module, those for types alone included."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFRAIN = ROOT / "shared" / "refrain"
PREPROCESSING = ROOT / "layers" / "preprocessing" / "preprocessing"

BELOW = ["aws", "lake", "statistics", "fast_path", "recommendation", "model", "pages", "checks"]
"""The rooms below the stories."""

ROOMS: dict[str, list[str]] = {
    "aws": [],
    "statistics": [],
    "lake": ["aws"],
    "fast_path": [],
    "recommendation": ["aws", "lake", "statistics"],
    "recommenders": ["recommendation", "statistics"],
    "model": ["aws", "lake", "statistics", "fast_path", "recommendation"],
    "pages": ["lake", "statistics"],
    "checks": ["lake", "statistics"],
    "applying": ["aws", "lake"],
    "transfer": ["aws", "lake", "model"],
    "importing": ["aws", "lake", "model"],
    "ingest": BELOW,
    "snapshot": BELOW,
    "training": [*BELOW, "recommenders"],
    "evaluation": BELOW,
    "trial": BELOW,
    "deployment": BELOW,
    "serving": ["aws", "lake", "statistics", "fast_path", "recommendation", "model"],
    "monitoring": BELOW,
    "release": BELOW,
    "drafting": BELOW,
    "forgetting": BELOW,
}
"""Which rooms each room may import besides itself, the modules beside the rooms and the preprocessing layer."""

OF_ROOMS: dict[str, set[str]] = {
    "aws": {"boto3", "botocore", "obstore"},
    "ingest": {"backports", "pyarrow"},
    "snapshot": {"pandas", "pyarrow"},
    "forgetting": {"pyarrow"},
    "training": {"onnx", "onnxmltools", "scipy", "skl2onnx", "sklearn", "threadpoolctl"},
    "recommenders": {"onnx", "scipy", "sklearn"},
    "importing": {"joblib", "lightgbm", "onnx", "pandas", "skl2onnx", "sklearn", "skops", "yaml"},
    "model": {"onnxruntime"},
}
"""The packages of others that a room may import besides numpy."""

OF_MODULES: dict[str, set[str]] = {
    "boto3": {"aws/cloud.py", "aws/event_bus.py", "aws/object_versions.py", "aws/queue.py", "aws/table.py"},
    "botocore": {"aws/cloud.py", "aws/event_bus.py", "aws/table.py"},
    "onnxruntime": {"model/onnx.py"},
}
"""The only modules that import a package of others, within the rooms that may."""

MODULES = sorted(REFRAIN.rglob("*.py"))
LAYER = sorted(PREPROCESSING.rglob("*.py"))
FUNCTIONS = sorted((ROOT / "functions").rglob("*.py"))
COMMANDS = sorted((ROOT / "cli").rglob("*.py"))
LOCAL = sorted(path for path in (ROOT / "local").rglob("*.py") if "demo" not in path.parts)
STORIES = [room for room in ROOMS if room not in (*BELOW, "recommenders")]


def imported(path: Path) -> set[str]:
    """The names that a file imports, wherever in it, with their modules."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def packages(path: Path) -> set[str]:
    """The packages that a file imports, without those of the standard library."""
    return {name.partition(".")[0] for name in imported(path)} - (sys.stdlib_module_names - {"statistics"})


def room_of(path: Path) -> str:
    """The room of a module; "" for one that lies beside the rooms."""
    parts = path.relative_to(REFRAIN).parts
    return parts[0] if len(parts) > 1 else ""


def rooms(path: Path) -> set[str]:
    """The rooms that a file imports; "" are the modules beside them."""
    parts = [name.split(".") for name in imported(path) if name.startswith("refrain.")]
    return {part[1] if part[1] in ROOMS else "" for part in parts}


def callers(room: str) -> set[str]:
    """The rooms and the functions that import a room."""
    others = {room_of(path) for path in MODULES if room in rooms(path) and room_of(path) != room}
    functions = {path.parent.relative_to(ROOT).as_posix() for path in FUNCTIONS if room in rooms(path)}
    if room in STORIES and not functions:
        functions = {path.parent.name for path in COMMANDS if room in rooms(path)}
    return others | (functions if room in STORIES else {"functions"} if functions else set())


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_table_has_every_room() -> None:
    assert {path.name for path in REFRAIN.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_imports_what_the_table_allows(path: Path) -> None:
    room = room_of(path)
    others = packages(path) - {"refrain", "preprocessing", "numpy", "statistics"}

    assert rooms(path) <= {room, "", *ROOMS.get(room, [])}
    assert others <= OF_ROOMS.get(room, set())
    for package in others & OF_MODULES.keys():
        assert path.relative_to(REFRAIN).as_posix() in OF_MODULES[package]


@pytest.mark.parametrize("story", STORIES)
def test_no_story_imports_another(story: str) -> None:
    assert set(STORIES).isdisjoint(set(ROOMS[story]) - {story})


@pytest.mark.parametrize("path", sorted((REFRAIN / "statistics").glob("*.py")), ids=shown)
def test_statistics_take_plain_figures(path: Path) -> None:
    types = {name.rpartition(".")[2] for name in imported(path)}

    assert types.isdisjoint({"Definition", "RecommenderDefinition", "Document", "Gate", "Store"})


@pytest.mark.parametrize("path", LAYER, ids=shown)
def test_the_preprocessing_layer_imports_numpy_and_nothing_else(path: Path) -> None:
    assert packages(path) <= {"numpy", "preprocessing"}


@pytest.mark.parametrize("path", FUNCTIONS, ids=shown)
def test_a_function_imports_one_story(path: Path) -> None:
    stories = rooms(path) - {"", "aws"}

    assert stories <= set(STORIES)
    assert len(stories) == 1
    assert packages(path) <= {"refrain", "aws_lambda_powertools"}


@pytest.mark.parametrize("path", COMMANDS, ids=shown)
def test_a_command_calls_the_stories_the_local_cloud_and_no_service_by_itself(path: Path) -> None:
    assert packages(path) <= {"cli", "local", "refrain", "preprocessing", "cyclopts", "rich"}


@pytest.mark.parametrize("path", LOCAL, ids=shown)
def test_the_local_cloud_does_not_know_the_command(path: Path) -> None:
    assert "cli" not in packages(path)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_may_import_and_who_calls_it(room: str) -> None:
    text = ast.get_docstring(ast.parse((REFRAIN / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    row = re.search(r"^May import: (.+?)\.$", text, re.MULTILINE | re.DOTALL)

    assert row, f"{room}: its docstring has no line 'May import: …'"
    names = set(re.split(r",\s+", row[1])) - {"nothing of ours"}
    expected = {"all rooms below the stories"} if ROOMS[room] == BELOW else set(ROOMS[room])
    if room == "training":
        expected = {"all rooms below the stories", "recommenders"}
    assert names == expected
    called = re.search(r"^Called by: (.+?)\.$", text, re.MULTILINE | re.DOTALL)
    assert called, f"{room}: its docstring has no line 'Called by: …'"
    assert set(re.split(r",\s+", called[1])) == callers(room)
