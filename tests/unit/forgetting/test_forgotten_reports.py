"""Reports that name a text of theirs go, and evaluations lose the findings that name one."""

from __future__ import annotations

from dataclasses import replace

from preprocessing import parse_definition
from refrain.forgetting.forgotten_reports import forget_findings
from refrain.lake.evaluation import Evaluation, Figures, ModelSummary
from refrain.lake.method_checks import Finding, MethodChecks
from tests.stored import RUN, make_evaluation
from tests.unit.serving import tiny

FLATS = parse_definition("flats", tiny.FLATS, "flats.toml")


def test_an_evaluation_loses_the_findings_that_name_a_text_of_theirs() -> None:
    lake = tiny.Lake()
    findings = [
        Finding.of("leaking_column", "Einzelhausen (3 rows) gives the price away.", "town"),
        Finding.of("copies", "8 rows of Einzelhausener are copies."),
    ]
    evaluation = make_evaluation(FLATS, ModelSummary(Figures("linear", f"{RUN}-linear"), "LinearRegression"))
    checked = replace(evaluation, checks=MethodChecks(findings, [], None))
    checked.write(lake, "flats", RUN)
    lake.write("snapshots/flats/20261130T100000-unfinished/snapshot.json", b"{}")

    forget_findings(lake, "flats", {"Einzelhausen"})

    left = Evaluation.read(lake, "flats", RUN)
    assert left == replace(checked, checks=MethodChecks(findings[1:], [], None))
