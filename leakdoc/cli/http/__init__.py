"""Verdicts over HTTP: read-only, from the files of one folder."""
