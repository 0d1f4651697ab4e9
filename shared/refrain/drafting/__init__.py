"""Helps a person write a definition: a draft from a sample of a file, and a JSON Schema for editors.

`table_draft` drafts from columns as they are written. `column_guess` tells the type of each, with `number_guess` and
`time_guess`; `target_guess` and `roles` tell what the columns are for, and `definition_text` writes the file.
`definition_schema` describes all definitions for editors.

May import: all rooms below the stories.
Called by: cli.
"""
