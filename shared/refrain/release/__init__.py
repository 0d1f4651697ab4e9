"""Before callers move to new code of inference: does it still answer as every champion's training did?

May import: all rooms below the stories.
Called by: functions/pretraffic.
"""
