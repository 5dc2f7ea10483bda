"""Acme's steps for leakdoc, and the playbook that uses them."""
