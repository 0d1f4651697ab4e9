"""The check before callers move to new code of inference: it must answer as the training of every champion did.

May import: all rooms below the stories.
Called by: functions/pretraffic.
"""
