"""`refrain import`: make a version of a model that was fitted elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cli.exit_codes import UsageError
from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.init import DraftedFile
    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store
    from refrain.drafting.table_draft import TableDraft
    from refrain.importing.imported_model import ImportedModel
    from refrain.importing.model_source import ModelSource
    from refrain.ingest.rehearsal import Rehearsal
    from refrain.lake.parity_figures import Parity
    from refrain.lake.version import VersionFiles


def import_(
    model: Annotated[Path, Parameter(help="A fitted model: .skops, .joblib, .pkl, .onnx, or a folder of MLflow.")],
    /,
    *,
    rows: Annotated[Path, Parameter(help="Rows that it learned from, or such rows, with the target.")],
    name: Annotated[str, Parameter(help="The model in Refrain. Without it, the name of the file of rows.")] = "",
    target: Annotated[str, Parameter(help="The column to predict, where no definition tells it.")] = "",
    columns: Annotated[str, Parameter(help="The columns of a matrix in its order, such as a,b,c.")] = "",
    classes: Annotated[str, Parameter(help="The classes in the model's order, such as no,yes.")] = "",
    trust: Annotated[bool, Parameter(negative=(), help="Load a file that runs code when it is loaded.")] = False,
    options: Options = DEFAULTS,
) -> None:
    """Import a model that was fitted elsewhere: prove it on rows, and make a version of it. It serves once promoted."""
    from cli.output import progress_console, result_console, write_json
    from local.lake_store import open_lake
    from preprocessing.model_name import suggest_model_name
    from refrain.importing.model_file import read_model_file

    name = name or suggest_model_name(rows.name.partition(".")[0])
    lake = open_lake(options.client().origin)
    with progress_console().status("importing"):
        opening = _Opening(read_model_file(model, trusted=trust), _split(columns), _split(classes))
        fitted, drafted = _fit(lake, opening, rows, name, target)
        files, proof = _register(lake, fitted, drafted, rows)
    version = files.manifest.version
    summary = {"model": name, "version": version, "rows": proof.rows, "refused": fitted.refused}
    if options.json:
        write_json({**summary, "max_difference": proof.max_difference})
        return
    console = result_console()
    console.print(
        f"{version} answers {proof.rows:,} rows as the model does (largest difference "
        f"{proof.max_difference:.1g}); {fitted.refused:,} rows it does not take",
        markup=False,
    )
    console.print(f"refrain promote {name} {version}", markup=False)


@dataclass(frozen=True)
class _Opening:
    """What was loaded, and what a person says of its columns and classes."""

    loaded: object
    columns: Sequence[str]
    classes: Sequence[str]

    def open(self, names: Sequence[str], definition: Definition, rows: Columns) -> ModelSource:
        """Open the model for rows with these columns."""
        from refrain.classes import class_labels
        from refrain.importing.source_choice import open_source
        from refrain.training.imported_fit import export_fitted

        target, labels = definition.columns[definition.target], []
        if definition.task == "classification":
            labels = sorted(set(class_labels(target, rows[target.name]).tolist()))
        own = self.columns or [name for name in names if name != target.name]
        return open_source(self.loaded, own, self.classes, labels, export_fitted)


def _fit(
    lake: Store, opening: _Opening, rows: Path, name: str, target: str
) -> tuple[ImportedModel, DraftedFile | None]:
    """Fit the model into the definition that is applied, or into one that is drafted for it and the rows."""
    from cli.init import draft_file
    from refrain.importing.imported_model import fit_model
    from refrain.lake.model_definition import ModelDefinition

    current = ModelDefinition.read(lake, name)
    if current.digest:
        definition = current.parse()
        if target not in ("", definition.target):
            raise UsageError(f"{name} predicts {definition.target}: leave out --target, or choose another --name.")
        names, reading = _read_rows(rows, definition)
        columns = reading.good_columns(definition)
        return fit_model(opening.open(names, definition, columns), definition, columns), None
    sources: list[ModelSource] = []

    def mend(drafted: DraftedFile) -> TableDraft:
        draft = drafted.draft
        names = [guess.name for guess in draft.columns]
        sources.append(opening.open(names, draft.definition, drafted.reading.good_columns(draft.definition)))
        return _draft_for(sources[0], drafted)

    drafted = draft_file(rows, name, target, mend)
    definition = drafted.draft.definition
    return fit_model(sources[0], definition, drafted.reading.good_columns(definition)), drafted


def _draft_for(source: ModelSource, drafted: DraftedFile) -> TableDraft:
    from refrain.drafting.model_columns import draft_for_model

    categories = {name: column.own for name, column in source.columns.items() if column.kind == "category"}
    numbers = [name for name, column in source.columns.items() if column.kind == "number"]
    return draft_for_model(drafted.draft, source.classes, categories, numbers, drafted.reading.rows)


def _read_rows(file: Path, definition: Definition) -> tuple[list[str], Rehearsal]:
    """Return the names of a file's columns in their order, and what is read of it by a definition."""
    from cli.data_file import open_data
    from refrain.ingest.file_sample import sample_file
    from refrain.ingest.rehearsal import rehearse

    with open_data(file) as path:
        sample = sample_file(path)
        return list(sample.columns), rehearse(path, sample.format, definition, by_identity=True)


def _register(
    lake: Store, fitted: ImportedModel, drafted: DraftedFile | None, rows: Path
) -> tuple[VersionFiles, Parity]:
    """Prove the version and write it; with it the drafted definition is applied, and kept beside."""
    import hashlib

    from cli.apply import author
    from preprocessing import Candidate
    from refrain.applying.apply import apply_definition
    from refrain.evaluation.loading_process import measure_loading
    from refrain.importing.proved_version import prove_version, write_version
    from refrain.lake.version import IMPORTED, TrainingRows
    from refrain.training.imported_fit import RECIPE, describe_imported

    name, digest = fitted.definition.model, hashlib.sha256(fitted.graph).hexdigest()
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{digest[:6]}"
    candidate = Candidate(IMPORTED, fitted.source.estimator, RECIPE, {})
    learned = TrainingRows(digest, len(fitted.answers), 0)
    files = describe_imported(fitted).version_files(fitted.definition, candidate, run, learned, 0.0)
    proof = prove_version(fitted, files)
    if drafted:
        apply_definition(lake, name, drafted.text, author(), expected="")
        Path(f"{name}.toml").write_text(drafted.text, encoding="utf-8")
    write_version(lake, files, measure_loading(files), _read_rows(rows, fitted.definition)[1].hashes)
    return files, proof


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")] if names else []
