"""The journal of a run: JSON Lines that are appended while it happens, chained so that an edit shows."""
