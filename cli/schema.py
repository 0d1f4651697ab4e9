"""`refrain schema`: the JSON Schema of definitions, for editors."""

from __future__ import annotations


def schema() -> None:
    """Write the JSON Schema of definitions, by which editors complete and check them."""
    from cli.output import write_json
    from refrain.drafting.definition_schema import definition_schema

    write_json(definition_schema())
