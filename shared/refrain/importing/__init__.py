"""Bring a model that was fitted elsewhere: read it, find its columns, and put a front of features before its graph.

A fitted pipeline is code until it is exported, so it is read on the machine of a person and never in a function.

May import: aws, lake, model.
Called by: cli.
"""
