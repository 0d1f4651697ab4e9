"""Names: nouns that say what a thing is, and one home for each public name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SHIPPED = [path for folder in ("layers", "shared") for path in sorted((ROOT / folder).rglob("*.py"))]
PRODUCT = SHIPPED + [path for folder in ("functions", "local", "cli") for path in sorted((ROOT / folder).rglob("*.py"))]

FILLERS = frozenset({"found", "each", "said", "given", "told", "known", "made", "there", "some", "others"})
"""Names that say nothing of what they hold."""

PLACEHOLDERS = frozenset({"place", "places", "written", "moment", "what", "who"})
"""Names that once stood for an index, a text, a time or a version."""

SAME_MODULE_NAME = {
    "__init__": "every package has one",
    "recommendation": "each story has its half of the recommendation task in a module of this name",
    "errors": "the preprocessing layer stands alone and raises errors of its own",
}
"""Module names that several packages have, and why."""


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def bindings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The variables, parameters and loop variables that a module binds, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


@pytest.mark.parametrize("path", PRODUCT, ids=shown)
def test_no_variable_has_a_name_that_says_nothing(path: Path) -> None:
    assert [(line, name) for line, name in bindings(parsed(path)) if name in FILLERS | PLACEHOLDERS] == []


def homes(*kinds: type[ast.stmt]) -> dict[str, list[str]]:
    """The modules that define each public name of these kinds."""
    modules: dict[str, list[str]] = defaultdict(list)
    for path in SHIPPED:
        for name in {getattr(node, "name", "_") for node in parsed(path).body if isinstance(node, kinds)}:
            if not name.startswith("_"):
                modules[name].append(shown(path))
    return modules


@pytest.mark.parametrize("kinds", [(ast.FunctionDef, ast.AsyncFunctionDef), (ast.ClassDef,)])
def test_a_public_name_has_one_home(kinds: tuple[type[ast.stmt], ...]) -> None:
    assert {name: paths for name, paths in homes(*kinds).items() if len(paths) > 1} == {}


def test_a_module_name_has_one_home() -> None:
    modules: dict[str, list[str]] = defaultdict(list)
    for path in SHIPPED:
        modules[path.stem].append(shown(path))

    assert {name for name, paths in modules.items() if len(paths) > 1} <= SAME_MODULE_NAME.keys()


def test_a_limit_says_what_it_limits() -> None:
    vague = [
        f"{shown(path)}:{line} {name}"
        for path in PRODUCT
        for line, name in bindings(parsed(path))
        if name.startswith(("MOST_", "LEAST_", "LONGEST_")) or name in ("MAX_ROWS", "CELLS")
    ]
    assert vague == []
