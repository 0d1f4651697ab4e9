"""Write a monitoring report on each model every hour: drift, quality, and whether to retrain.

May import: all rooms below the stories.
Called by: functions/monitoring.
"""
