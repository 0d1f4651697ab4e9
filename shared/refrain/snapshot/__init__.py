"""Take a snapshot: which rows a retraining run learns from and is judged on, frozen for all candidates alike."""
