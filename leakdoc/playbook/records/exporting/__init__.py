"""A playbook for other readers: Devin, agents that read skills, and people."""
