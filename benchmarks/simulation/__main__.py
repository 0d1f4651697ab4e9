"""`make simulate [ONLY=part,part]` simulates the designed cells, and writes their figures and the page of them.

They go to docs/simulations.json and docs/simulations.md, and in short to docs/learning.md, whose pictures are drawn
anew. Cells that are not simulated keep their earlier figures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.simulation.cell import CellFigures
from benchmarks.simulation.learning_pictures import write_pictures
from benchmarks.simulation.page import write_page
from benchmarks.simulation.registry import CELLS
from benchmarks.simulation.summary import write_summaries

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCS = Path(__file__).parents[2] / "docs"


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate the cells of these parts, or whose names begin so; all by default."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--only", default="", help="beginnings of `part/name`, with commas")
    parser.add_argument("--runs", type=int, default=0, help="runs of each cell (0: as many as the cell says)")
    options = parser.parse_args(arguments)
    figures = read_figures()
    for key, cell in CELLS.items():
        if key.startswith(tuple(options.only.split(","))):
            figures[key] = cell.run(options.runs or cell.runs)
            print(f"{key}: {', '.join(f'{name} {mean:.3g}' for name, mean in figures[key].means.items())}", flush=True)
            _write({name: figures[name] for name in CELLS if name in figures})
    write_summaries([figures[name] for name in CELLS if name in figures], DOCS / "learning.md")
    write_pictures()
    broken = [
        f"{key}: {bound.figure} {result.means[bound.figure]:.3g}"
        for key, result in figures.items()
        for bound in result.bounds
        if not bound.holds(result.means[bound.figure])
    ]
    print("\n".join(["beyond their bounds:", *broken]) if broken else "all cells keep to their bounds")


def read_figures() -> dict[str, CellFigures]:
    """Read the committed figures by `part/name`."""
    path = DOCS / "simulations.json"
    documents = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {f"{document['part']}/{document['name']}": CellFigures.of(document) for document in documents}


def _write(figures: dict[str, CellFigures]) -> None:
    text = json.dumps([result.document() for result in figures.values()], indent=1, ensure_ascii=False) + "\n"
    (DOCS / "simulations.json").write_text(text, encoding="utf-8")
    write_page(list(figures.values()), DOCS / "simulations.md")


if __name__ == "__main__":
    main()
