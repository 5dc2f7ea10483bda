"""Playbooks out of incident records, measured on written incidents with their truth."""
