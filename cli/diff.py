"""`refrain diff`: what two versions of a model have in common, and what not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.lake.version import Manifest

SHOWN = ("estimator", "candidate", "chosen", "created_at", "features", "classes", "model_bytes", "libraries")


def diff(
    first: Annotated[str, Parameter(help="model, model/previous, model/version, or the name of a version.")],
    second: Annotated[str, Parameter(help="The version to compare it with, named likewise.")],
    /,
    *,
    options: Options = DEFAULTS,
) -> None:
    """Compare two versions: figures, rows, estimator, parameters, libraries, and the definition line by line."""
    from cli.output import add_rows, make_table, result_console, write_json
    from cli.version_names import find_version
    from local.lake_store import open_lake
    from refrain.lake.version import Manifest

    lake = open_lake(options.client().origin)
    names = [find_version(lake, name) for name in (first, second)]
    manifests = [Manifest.read(lake, name.model, name.version) for name in names]
    facts = [facts_of(manifest) for manifest in manifests]
    changed = {name: [side[name] for side in facts] for name in facts[0] if facts[0][name] != facts[1][name]}
    lines = definition_changes(*manifests)
    if options.json:
        write_json({"versions": [name.version for name in names], "changed": changed, "definition": lines})
        return
    console = result_console()
    table = make_table("", *(name.version for name in names))
    console.print(add_rows(table, ([name, *values] for name, values in changed.items())))
    console.print("\n".join(["", "definition:", *lines] if lines else ["", "the definition is the same"]), markup=False)


def facts_of(manifest: Manifest) -> dict[str, Any]:
    """Return what is compared of a version, as plain values."""
    document = manifest.to_json()
    rows = manifest.snapshot
    return {
        **{name: document[name] for name in SHOWN},
        "rows": rows.train_rows + (rows.holdout_rows if "holdout" in rows.sides else 0),
        "rows until": rows.cut,
        "snapshot": rows.digest,
    }


def definition_changes(first: Manifest, second: Manifest) -> list[str]:
    """Return the changed lines of the definition, each under the keys that lead to it."""
    from difflib import unified_diff

    before, after = (_lines(manifest.definition) for manifest in (first, second))
    return [line for line in unified_diff(before, after, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]


def _lines(content: Any, path: str = "") -> list[str]:
    if isinstance(content, dict):
        return [line for name, value in content.items() for line in _lines(value, f"{path}.{name}".lstrip("."))]
    if isinstance(content, list) and any(isinstance(item, dict) for item in content):
        return [line for item in content for line in _lines(item, f"{path}[{_name_of(item)}]")]
    return [f"{path} = {json.dumps(content, ensure_ascii=False)}"]


def _name_of(item: Mapping[str, Any]) -> str:
    return str(item.get("name", ""))
