"""The story of songs, on simulated data: what retraining is worth to a music streaming service."""
