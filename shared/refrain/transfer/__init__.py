"""Take a version elsewhere: to another stack, or to a folder that predicts without one. People call it, by a command.

May import: aws, lake, model.
Called by: cli.
"""
