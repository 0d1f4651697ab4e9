"""`make demo`: the whole loop on this machine, shown step by step."""
