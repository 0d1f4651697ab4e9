"""Real tables with numbers, categories and booleans, repeated until reading them takes a while."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from preprocessing import load_definition

if TYPE_CHECKING:
    from preprocessing import Definition

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class RealTable:
    """A file, the model whose definition reads it, and how often its rows are repeated."""

    name: str
    model: str
    file: str
    repeats: int

    @property
    def source(self) -> Path:
        """Where the file is, if this machine has it."""
        return DATA / self.file

    @property
    def definition(self) -> Definition:
        """The definition that reads the table."""
        return load_definition(ROOT / "examples" / f"{self.model}.toml")

    def write(self, path: Path) -> int:
        """Write the repeated table; return its number of rows."""
        lines = [line for line in self.source.read_bytes().splitlines(keepends=True) if line.strip()]
        head = [] if self.definition.source.header else [lines.pop(0)]
        with path.open("wb") as file:
            file.writelines(head)
            for _ in range(self.repeats):
                file.writelines(lines)
        return len(lines) * self.repeats


TABLES = (
    RealTable("census", "income", "adult/adult-train.csv", 40),
    RealTable("customers", "churn", "telco/Telco-Customer-Churn.csv", 150),
)
