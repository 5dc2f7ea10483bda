"""Whether a command changes something by its own verb: what does is never a mere look, whatever words it holds."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_VERBS: Final = {  # by the program: the verbs that change what it speaks to
    "aws": r"(create|update|put|delete|modify|(de)?register|deploy|start|stop|run|reboot|terminate|restore|set)-[\w-]+",
    "kubectl": r"apply|patch|set|scale|delete|label|taint|edit|replace|create|cordon|uncordon|drain|autoscale",
    "helm": r"upgrade|install|rollback|uninstall|delete",
    "argocd": r"sync|rollback|set|delete|create",
    "nomad": r"run|revert|promote|restart|stop|scale|dispatch",
    "systemctl": r"(try-|re)?(start|stop|restart|reload)|kill|set-property|enable|disable|mask|isolate",
    "terraform": r"apply|destroy|import",
    "gcloud": r"deploy|update|delete|create|resize|migrate|patch|restart|import|update-traffic|set-[\w-]+|submit",
    "fly": r"deploy|scale|restart|rollback|set|unset|update|destroy|create|import",
    "heroku": r"[\w-]+:(set|unset|restart|scale|rollback|kill|promote|release|push|add|enable|disable)",
    "supervisorctl": r"(re)?(start|stop)|update|reload|signal",
    "pm2": r"(re)?(start|stop)|(graceful)?reload|delete|scale",
    "az": r"create|update|delete|set|restart|start|stop|scale|deploy|build|swap|add|remove|activate|deactivate",
    "consul": r"put|delete|write",
    "etcdctl": r"put|del",
    "istioctl": r"install|upgrade|apply",
    "dcos": r"update|add|remove|delete|kill|restart|start|stop|deploy|rollback|scale",
    "cf": r"push|scale|restart|restage|set-env|unset-env|delete|map-route|unmap-route|rollback|stop|start",
    "render": r"create|cancel|rollback|restart|scale|update|delete",
    "railway": r"up|redeploy|down|delete",
    "eb": r"deploy|setenv|scale|restart|terminate|swap",
    "docker": r"restart|stop|kill|rm|run|up|down|push|build|update|scale|rollback|deploy",
}
SAME_TOOL: Final = {  # by other names, as people shorten them
    "k": "kubectl",
    "kc": "kubectl",
    "kctl": "kubectl",
    "kubecolor": "kubectl",
    "tf": "terraform",
    "tg": "terraform",
    "terragrunt": "terraform",
    "flyctl": "fly",
    "g": "git",
    "dc": "docker-compose",
    "pg": "psql",
}
_SAME: Final = SAME_TOOL | {
    "oc": "kubectl",
    "podman": "docker",
    "docker-compose": "docker",
    "tofu": "terraform",
}
_IN_PLACE: Final = re.compile(r"-[a-zA-Z0-9]*i[a-zA-Z.]*|--in-?place(=.*)?")
_EDITORS: Final = {"sed", "gsed", "perl", "yq", "ruby"}


def changes_something(argv: tuple[str, ...]) -> bool:
    """Return whether the verb of a command changes something; false where that is not known."""
    program = argv[0].rpartition("/")[2] if argv else ""
    if program in _EDITORS:
        return edits_in_place(argv)
    verbs = _VERBS.get(_SAME.get(program, program))
    if verbs is None:
        return program not in _OF_THE_SHELL and any(_ANY_VERB.fullmatch(word.lower()) for word in argv[1:_DEEP])
    words = [
        word
        for before, word in pairwise(argv)
        if not word.startswith("-") and not (before.startswith("-") and "=" not in before)  # an option's value
    ]
    return any(re.fullmatch(verbs, word) for word in words[:_DEEP]) and "--dry-run" not in " ".join(argv)


def edits_in_place(argv: tuple[str, ...]) -> bool:
    """Return whether it is an editor of streams that is told to change the file itself."""
    program = argv[0].rpartition("/")[2] if argv else ""
    return program in _EDITORS and any(_IN_PLACE.fullmatch(word) for word in argv[1:])


_ANY_VERB: Final = re.compile(  # what any tool's verb would be that changes something
    r"(re)?(deploy|start)|stop|update|upgrade|downgrade|apply|scale|resize|promote|rollback|revert|rollout|publish|"
    r"enable|disable|drain|cordon|terminate|create|delete|destroy|unset|purge|evict|failover"
)
_OF_THE_SHELL: Final = {
    "psql", "mysql", "echo", "printf", "grep", "rg", "ag", "awk", "cat", "ls", "find", "git", "gh", "curl", "wget",
    "python", "python3", "node", "ruby", "make", "just", "npm", "go", "cargo", "mvn", "gradle", "dotnet", "sv", "man",
    "service", "which", "journalctl", "tail", "head", "ps", "pgrep", "sh", "bash", "ssh", "jq", "test", "cd",
}  # fmt: skip
_DEEP: Final = 4  # words in which the verb stands: `gcloud run services update`, an option's value before it
