"""`refrain init`: write the first draft of a definition, from a file of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cli.exit_codes import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing import Definition
    from refrain.drafting.table_draft import TableDraft
    from refrain.ingest.rehearsal import Rehearsal

    type Mend = Callable[[DraftedFile], TableDraft]
    """Makes another draft of what a file was read by the first one."""


def init(
    file: Annotated[Path, Parameter(help="CSV, TSV, JSON or Parquet, packed or not.")],
    /,
    *,
    target: Annotated[str, Parameter(help="The column to predict. Without it, one is chosen.")] = "",
    model: Annotated[str, Parameter(help="The name of the model. Without it, that of the file.")] = "",
    force: Annotated[bool, Parameter(negative=(), help="Replace a definition of this name.")] = False,
    json: Annotated[bool, Parameter(negative=(), help="Write one JSON document, for programs.")] = False,
) -> None:
    """Write a definition for the rows of a file, with the reason of each choice beside it."""
    from cli.output import progress_console, result_console, write_json

    path = draft_path(file, model)
    if path.exists() and not force:
        raise UsageError(f"{path} exists already: --force replaces it, and --model NAME writes another.")
    with progress_console().status(f"reading {file.name}"):
        drafted = draft_file(file, path.stem, target)
    path.write_text(drafted.text, encoding="utf-8")
    if json:
        write_json(drafted.summary(path))
        return
    console = result_console()
    for line in drafted.lines(path, file):
        console.print(line, markup=False)


def draft_path(file: Path, model: str = "") -> Path:
    """Return where the draft for a file goes: its name is the model's."""
    from preprocessing.model_name import suggest_model_name

    return Path(f"{model or suggest_model_name(file.name.partition('.')[0])}.toml")


@dataclass(frozen=True)
class DraftedFile:
    """A draft, its text, and what ingest makes of the whole file by it."""

    draft: TableDraft
    text: str
    reading: Rehearsal

    @property
    def left_out(self) -> dict[str, str]:
        """The columns that are not kept, and why."""
        return {guess.name: guess.left_out for guess in self.draft.columns if guess.left_out}

    def summary(self, path: Path) -> dict[str, Any]:
        """Describe the draft for programs."""
        draft, reading = self.draft, self.reading
        return {
            "definition": str(path),
            "model": draft.model,
            "task": draft.task,
            "target": draft.target,
            "rows": reading.rows,
            "good_rows": reading.kept,
            "left_out": self.left_out,
        }

    def lines(self, path: Path, file: Path) -> list[str]:
        """Describe the draft for people: what it does, what it leaves out, and what to do next."""
        draft, reading = self.draft, self.reading
        of = f" of {draft.target}" if draft.target else ""
        lines = [f"{path}: {draft.task}{of}. {reading.kept:,} of {reading.rows:,} rows are good."]
        lines += [f"  not kept: {name}, since {reason}" for name, reason in self.left_out.items()]
        return [*lines, f"Read it, then: refrain check {path} {file}"]


def draft_file(file: Path, model: str, target: str, mend: Mend | None = None) -> DraftedFile:
    """Draft a definition from a file, and `mend` the draft. Raises `UnreadableUpload` and `CannotDraft`."""
    from cli.data_file import open_data
    from refrain.drafting.definition_text import definition_text
    from refrain.drafting.proved_draft import prove_draft
    from refrain.drafting.table_draft import SampledTable
    from refrain.ingest.file_sample import sample_file
    from refrain.ingest.rehearsal import rehearse

    with open_data(file) as path:
        sample = sample_file(path)
        table = SampledTable(sample.columns, sample.share, sample.source.keys, sample.source.reasons)

        def describe(draft: TableDraft, reading: Rehearsal) -> DraftedFile:
            return DraftedFile(draft, definition_text(draft, file.name, sample.rows, sample.unusable), reading)

        def read(definition: Definition) -> Rehearsal:
            return rehearse(path, sample.format, definition)

        drafted = describe(*prove_draft(table, model, target, read))
        if mend is None:
            return drafted
        draft = mend(drafted)
        return describe(draft, read(draft.definition))
