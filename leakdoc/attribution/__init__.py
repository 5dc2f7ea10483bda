"""From "it leaks" to the line: growth by line, what keeps it, and which kind of memory it is."""
