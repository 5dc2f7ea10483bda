"""One file for each format that an incident can be recorded in: a file in, events out."""
