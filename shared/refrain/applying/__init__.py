"""Apply definitions and retire models: the only code that writes definitions. People call it, by a command.

May import: aws, lake.
Called by: cli.
"""
