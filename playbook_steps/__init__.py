"""The steps that come with leakdoc: each a file of its own, on leakdoc's public API."""
