"""What only annotates a record: shell histories, terminal recordings and chat, merged in by time."""
