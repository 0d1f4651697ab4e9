"""`refrain export`: a version as a folder that predicts without AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options


def export(
    version: Annotated[str, Parameter(help="model (its champion), model/version, or the name of a version.")],
    /,
    *,
    to: Annotated[Path | None, Parameter(help="A new folder; without it, one named after the version.")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Write a version to a folder that predicts without AWS: the ONNX graph, preprocessing, definition, an example."""
    from cli.output import result_console, write_json
    from cli.version_names import find_version
    from local.lake_store import open_lake
    from refrain.transfer.exported_version import export_version

    lake = open_lake(options.client().origin)
    chosen = find_version(lake, version)
    folder = to or Path(chosen.version)
    names = export_version(lake, chosen.model, chosen.version, folder)
    if options.json:
        write_json({"model": chosen.model, "version": chosen.version, "folder": str(folder), "files": names})
    else:
        result_console().print(f"{folder}: {', '.join(names)}; try it with python example.py there", markup=False)
