"""The playbooks that come with leakdoc, one YAML file each."""
