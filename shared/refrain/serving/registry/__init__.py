"""Which version of each model answers: loaded, proved, refreshed and kept within the memory of the process."""
