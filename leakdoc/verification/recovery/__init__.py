"""Latency, errors, waiters and connections back at their baseline after an incident whose cure is not memory."""
