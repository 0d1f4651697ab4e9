"""Compare the candidates of a run with the champion on the same holdout rows, and decide.

May import: all rooms below the stories.
Called by: functions/retraining/evaluate.
"""
