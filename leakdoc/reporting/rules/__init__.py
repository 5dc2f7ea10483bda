"""Rules for Prometheus: floors recorded, and alerts on them that start-up, caches and restarts do not set off."""
