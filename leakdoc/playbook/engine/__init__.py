"""Running a playbook: events are folded into a state, the state says what is next, and doing it appends events."""
