"""Getting inside a target; for now: what this machine would allow."""
