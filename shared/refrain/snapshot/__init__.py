"""Freeze the rows of one retraining run, so that all candidates learn from and are judged on the same ones.

May import: all rooms below the stories.
Called by: functions/retraining/snapshot.
"""
