"""Judge a challenger on trial beside the champion, from what was captured and labelled since the trial began.

May import: all rooms below the stories.
Called by: functions/retraining/judge.
"""
