"""Command lines taken apart: words as a shell would see them, nothing run and nothing expanded."""
