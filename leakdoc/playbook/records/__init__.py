"""Incident records: read, understood, and turned into playbooks, without a model and without a network."""
