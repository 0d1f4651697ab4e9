"""`refrain doctor`: what of the account would stop a deployment, and the cure of each."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.exit_codes import DONE, FAILED


def doctor(
    *,
    env: Annotated[str, Parameter(help="The environment in samconfig.toml: default, dev or prod.")] = "default",
    parameter: Annotated[
        list[str] | None, Parameter(negative=(), help="NAME=VALUE of the template's parameters, once for each.")
    ] = None,
    json: Annotated[bool, Parameter(negative=(), help="Write one JSON document, for programs.")] = False,
) -> int:
    """Examine the AWS account and region of the shell, and say what would stop a deployment; it only reads."""
    from dataclasses import asdict

    from cli.output import add_rows, make_table, result_console, write_json
    from local.preflight import examination

    account, region = examination.shell_account()
    findings = list(examination.examine(account, examination.read_plan(env, parameter or [], region)))
    if json:
        write_json([asdict(finding) for finding in findings])
    else:
        rows = ((finding.verdict, finding.check, finding.sentence, finding.cure) for finding in findings)
        result_console().print(add_rows(make_table("verdict", "check", "what it found", "what to do"), rows))
    return FAILED if any(finding.verdict == "stops" for finding in findings) else DONE
