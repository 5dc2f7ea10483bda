"""The detection laboratory: labelled traces, a scorer, and the judge beside the usual methods."""
