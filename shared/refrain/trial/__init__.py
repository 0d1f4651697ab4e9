"""How a better model takes over: a trial beside the champion, a judge who looks again and again, and the way back."""
