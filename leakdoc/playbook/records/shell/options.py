"""Options of each carrier that take a value; what is none of these and begins with - stands alone."""

from __future__ import annotations

from typing import Final

TAKES: Final = {
    "ssh": set("bcDEeFIiJLlmOopQRSWw"),
    "sudo": {"u", "g", "h", "p", "C", "T", "user", "group"},
    "kubectl": {"n", "c", "l", "namespace", "container", "context", "kubeconfig", "cluster", "user", "request-timeout"},
    "docker": {"u", "e", "w", "H", "user", "env", "workdir", "env-file", "context", "f", "p", "file", "project-name",
               "index", "name", "v", "volume", "network", "pid", "cap-add", "entrypoint"},
    "nomad": {"task", "job", "namespace", "region", "address", "e", "i"},
    "timeout": {"s", "k", "signal", "kill-after"},
    "nice": {"n", "adjustment"},
    "watch": {"n", "interval"},
    "xargs": {"n", "I", "P", "d", "L", "a"},
    "nsenter": {"t", "target", "S", "G"},
    "env": {"u", "C", "S"},
    "ionice": {"c", "n", "p"},
    "strace": {"p", "e", "o"},
    "flock": {"w"},
    "su": {"s", "g"},
    "chroot": set(),
    "fly": {"a", "app"},
    "gcloud": {"zone", "project"},
    "tsh": {"login", "cluster", "l"},
}  # fmt: skip
