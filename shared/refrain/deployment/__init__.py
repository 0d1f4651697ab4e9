"""Move the deployment of a model: promote, start a trial, dismiss, keep, roll back; and write the run's report.

May import: all rooms below the stories.
Called by: functions/retraining/move.
"""
