"""Forget people: remove the rows of some keys from whatever a model has stored. People call it, by a command.

May import: all rooms below the stories.
Called by: cli.
"""
