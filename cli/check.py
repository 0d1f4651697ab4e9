"""`refrain check`: what a run, and the upload of a file, would make of a definition, before either happens."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path  # noqa: TC003 - Cyclopts reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cli.exit_codes import DONE, REFUSED

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.ingest.rehearsal import Rehearsal

MAX_LISTED_REASONS = 10
MAX_SHOWN_VALUES = 3


def check(
    definition: Annotated[Path, Parameter(help="The definition, a file of TOML.")],
    data: Annotated[Path | None, Parameter(help="A file of rows that it is for.")] = None,
    /,
    *,
    json: Annotated[bool, Parameter(negative=(), help="Write one JSON document, for programs.")] = False,
) -> int:
    """Check a definition: its keys, its estimators, and with a file of rows what ingest and a run would say of them."""
    from cli.output import progress_console, result_console, write_json
    from preprocessing import load_definition

    checked = load_definition(definition)
    with progress_console().status("checking"):
        report = check_definition(checked, data)
    if json:
        write_json(asdict(report))
    else:
        console = result_console()
        for line in report.lines(definition.name):
            console.print(line, markup=False)
    return REFUSED if report.problems else DONE


@dataclass
class CheckReport:
    """What is wrong (`problems`: a run would fail), what is doubtful (`findings`), and what ingest would reject."""

    problems: list[str] = field(default_factory=list)
    rows: int | None = None
    good_rows: int | None = None
    rejections: list[str] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)

    def lines(self, name: str) -> list[str]:
        """Write the report for people."""
        lines = [f"wrong: {problem}" for problem in self.problems]
        if self.rows is not None:
            lines.append(f"{self.good_rows:,} of {self.rows:,} rows are good")
        lines += [f"  rejected: {rejection}" for rejection in self.rejections]
        lines += [f"{item['severity']} {item['code']}: {item['sentence']}" for item in self.findings]
        if self.ignored_columns:
            lines.append(f"not in the definition, so ignored: {', '.join(self.ignored_columns)}")
        return lines if self.problems else [*lines, f"{name} can be applied"]


def check_definition(definition: Definition, data: Path | None) -> CheckReport:
    """Check a definition, with a file of rows where there is one. Raises `UnreadableUpload`."""
    from preprocessing import RecommenderDefinition
    from preprocessing.function_contract import check_functions
    from refrain.training.candidate_checks import find_candidate_problems

    check_functions(definition)
    report = CheckReport()
    classes: list[str] = []
    if data:
        reading = _read(definition, data, report)
        if not reading.kept:
            report.problems.append("no row of the file can be used")
        elif not isinstance(definition, RecommenderDefinition):
            classes = _check_rows(definition, reading, report)
    report.problems += find_candidate_problems(definition, classes)
    return report


def _read(definition: Definition, data: Path, report: CheckReport) -> Rehearsal:
    from cli.data_file import open_data
    from refrain.ingest.formats import format_of
    from refrain.ingest.rehearsal import rehearse

    with open_data(data) as path:
        reading = rehearse(path, format_of(path.name), definition)
    report.rows, report.good_rows, report.ignored_columns = reading.rows, reading.kept, reading.ignored
    for (column, reason), count in reading.reasons.most_common(MAX_LISTED_REASONS):
        values = [value for value, _ in reading.refused[column].most_common(MAX_SHOWN_VALUES) if value is not None]
        examples = f", such as {', '.join(map(repr, values))}" if values and reason != "is required" else ""
        report.rejections.append(f"{count:,} for {column or 'their fields'}: {reason}{examples}")
    if reading.repeated_keys:
        merged = f"{reading.repeated_keys:,} rows have the key of another one: only the latest of each key counts"
        report.rejections.append(merged)
    return reading


def _check_rows(definition: Definition, reading: Rehearsal, report: CheckReport) -> list[str]:
    """Make the method checks of a run on the sample, split as a run does; return the classes of the rows."""
    from refrain.checks.checked_rows import CheckedRows
    from refrain.checks.run_checks import check_method
    from refrain.classes import class_labels
    from refrain.snapshot.snapshot_kind import SnapshotKind

    columns = reading.good_columns(definition)
    rows = len(columns[definition.target])
    least = definition.training.min_rows
    if rows < least <= reading.kept:  # of a file that is sampled
        definition = replace(definition, training=replace(definition.training, min_rows=rows))
    kind = SnapshotKind(definition)
    holdout = kind.split(columns)
    shortfall = kind.find_shortfall(columns, holdout)
    if shortfall:
        report.problems.append(f"nothing can be learned from these rows: {shortfall}")
    else:
        train, held_out = ({name: values[side] for name, values in columns.items()} for side in (~holdout, holdout))
        findings = check_method(CheckedRows(definition, train, held_out), None).findings
        report.findings = [item.to_json() for item in findings]
    if definition.task == "regression":
        return []
    return sorted(set(class_labels(definition.columns[definition.target], columns[definition.target]).tolist()))
