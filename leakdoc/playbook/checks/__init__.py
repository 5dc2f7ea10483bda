"""What is checked of a playbook beyond the shape of its fields, before step 1."""
