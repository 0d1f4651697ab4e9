"""Is the challenger better than the champion? Pure functions of arrays and figures: nothing here reads or writes."""
