"""The parameters that an extracted playbook declares, in their order; other values are only told apart."""

from __future__ import annotations

from typing import Final

_ORDERED: Final = (
    "service",
    "namespace",
    "cluster",
    "context",
    "region",
    "project",
    "resource_group",
    "org",
    "stack",
    "chart",
    "log_group",
    "pod",
    "container",
    "task",
    "allocation",
    "host",
    "pid",
    "db_host",
    "db_port",
    "proxy_port",
    "db_name",
    "source",
    "leak_file",
    "git_sha",
    "stable_revision",
    "image_tag",
    "new_revision",
    "metrics_url",
    "address",
    "channel",
    "idle_seconds",
    "queue",
    "broker",
    "broker_port",
    "other_service",
    "staging_namespace",
    "staging_host",
    "staging_context",
    "staging_cluster",
    "staging_address",
    "staging_service",
    "staging_broker",
    "staging_queue",
    "staging_place",
    "staging_project",
    "staging_resource_group",
    "upstream",
    "upstream_port",
    "bastion",
    "folder",
    "place",
)
RANK: Final = {name: rank for rank, name in enumerate(_ORDERED)}
# Names of a value that may be known by another.
ALIASES: Final = {"container", "other_service", "new_revision", "image_tag", "host", "git_sha"}
DECLARED: Final = frozenset(_ORDERED)  # the others only become words in angle brackets
