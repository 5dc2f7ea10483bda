"""What the request that an incident began with already names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from leakdoc.playbook.records.event import Actor, Sort
from leakdoc.playbook.records.placing import Placed

_SAID_TO_BE_CODE: Final = re.compile(
    r"(?i)\b(?:code|sources?|src|repo(?:sitory)?|tree|path|app)\b[^.;\n]{0,24}?\s(?P<v>(?:[A-Za-z]:)?[\w.~-]*[/\\][\w./\\-]*)|"
    r"(?:代码|ソース|コード|código|codice|исходник\w*|quell(?:code|text)\w*|le code)"
    r"[^。;；]{0,24}?(?P<w>(?:[A-Za-z]:[/\\]|~?/?)[\w.-]+[/\\][\w./\\-]*)"
)
_SAID_TO_BE_SERVICE: Final = re.compile(
    r"(?im)^\W*(?:the |our )?(?:service )?(?P<v>[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)"
    r"(?= (?:service|on|in|is|are|keeps?|logs|times|climbs|eats|leaks|has|\())|服务 ?(?P<w>[a-z][\w-]+)"
)
_NO_SERVICE: Final = {"it", "this", "that", "please", "production", "something", "memory"}


def prompted_paths(prompt: str) -> list[str]:
    """Return the folders that are said to hold the code."""
    found = [(match["v"] or match["w"]).rstrip("/.,") for match in _SAID_TO_BE_CODE.finditer(prompt)]
    return [path for path in found if not _HOSTED.match(path)]


def paths_gone_to(prompt: str, changed_to: Iterable[str]) -> list[str]:
    """Return the folders that a request names and that somebody then went to, or changed a file in."""
    gone_to = list(changed_to)
    named = dict.fromkeys(match["v"].rstrip("/.,") for match in _FOLDER.finditer(prompt))
    return [path for path in named if any(each == path or each.startswith(f"{path}/") for each in gone_to)]


_HOSTED: Final = re.compile(  # the address of a repository
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|internal|local|corp|example)/"
)
_FOLDER: Final = re.compile(r"(?<![\w:/.~-])(?P<v>(?:[A-Za-z]:|~)?/[\w.-]+(?:/[\w.-]+)+)")


def prompted_service(prompt: str) -> list[str]:
    """Return the service that the request begins with, if it does."""
    found = [match["v"] or match["w"] for match in _SAID_TO_BE_SERVICE.finditer(prompt)]
    return [name for name in found if name.lower() not in _NO_SERVICE][:1]


_KINDS: Final = (
    ("namespace", r"namespaces?|ns|命名空间|ネームスペース|espacio de nombres|projekt|openshift project"),
    ("project", r"project|proyecto|projet|progetto|プロジェクト"),
    ("cluster", r"clusters?|clúster|集群|クラスタ"),
    ("resource_group", r"resource group|rg"),
    ("context", r"context|kontext"),
    ("region", r"region|région|región|地域"),
    ("org", r"org(?:anization)?"),
    ("stack", r"stack(?: ?名)?"),
    ("host", r"hosts?|box|server|machine|vm|node|ホスト|机器|主机|máquina|serveur"),
    ("chart", r"chart(?: is)?(?: in)?"),
    ("app", r"app(?:lication)?|アプリ"),
    ("job", r"job|service|dienst|servicio|服务|サービス"),
)
_IDENTIFIER: Final = r"(?P<v>~?/?[A-Za-z0-9][\w./-]*[A-Za-z0-9/])"
_SAID_AS: Final = tuple(
    (
        name,
        re.compile(
            rf"(?i)(?<![a-z])(?:{words})[\s:：=`\"'(]{{1,3}}(?:called |named |is |im |in )?[`\"']?{_IDENTIFIER}"
        ),
    )
    for name, words in _KINDS
)
_ANY: Final = re.compile(r"(?<![\w./@#:-])" + _IDENTIFIER.replace("*[A-Za", "*[A-Za") + r"(?![\w@])")
_STAGED: Final = re.compile(
    r"(?i)(?:^|[-_./])(?:stag(?:e|ing)?|stg|uat|qa|test|tst|dev|pre|preprod|abn|rec|int)\d*(?:$|[-_./])"
)


def prompted_values(prompt: str) -> dict[str, str]:
    """Return the identifiers that a request names, each with the name of the parameter that it would be."""
    found = {match["v"].rstrip(".,"): name for name, pattern in _SHAPED for match in pattern.finditer(prompt)}
    for name, pattern in _SAID_AS:
        for match in pattern.finditer(prompt):
            value = _bare(match["v"])
            if _is_identifier(value) and not _is_part_of(value, found):
                found.setdefault(value, _NAMES.get(name, name))
    for match in _ANY.finditer(prompt):
        value = _bare(match["v"])
        if (
            _is_identifier(value)
            and not _is_part_of(value, found)
            and re.search(r"[a-z]", value)
            and re.search(r"[-_/]|[a-z]\d|\d[a-z]", value)
        ):
            found.setdefault(value, "folder" if "/" in value else "place")
    return {
        value: (f"staging_{name}" if _STAGED.search(value) and name not in ("folder", "chart") else name)
        for value, name in found.items()
    }


def _bare(value: str) -> str:
    """Return a value without what ends a sentence, and a unit of systemd without what tells its sort."""
    return re.sub(r"(?<=\w)\.(?:service|socket|timer)$", "", value.rstrip("/.,"))


def _is_part_of(value: str, found: Iterable[str]) -> bool:
    return any(value != each and each.startswith(f"{value}:") for each in found)


_SHAPED: Final = (  # what is known by its shape
    ("context", re.compile(r"(?P<v>\barn:aws[\w-]*:[\w:/.-]*:cluster/[\w.-]+)")),
    ("host", re.compile(r"(?<![\w.:/-])(?P<v>\d{1,3}(?:\.\d{1,3}){3})(?![\w.-]*\w)")),
    ("host", re.compile(r"(?<![\w:.])(?P<v>(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4})+)(?![\w:])")),
    ("host", re.compile(r"\b(?P<v>i-[0-9a-f]{8,17})\b")),
)
_NAMES: Final = {"job": "service", "app": "service"}
_TIME: Final = re.compile(r"(?i)p\d{2,3}|\d{1,4}[-:/.]\d.*|\d+[smhd]?|\d*[.,]?\d+[a-z]{0,3}|utc|v?\d+(\.\d+)+")


def _is_identifier(value: str) -> bool:
    if len(value) < 3 or _TIME.fullmatch(value) or re.fullmatch(r"[A-Z_]+", value):
        return False
    return value.lower() not in _NO_SERVICE | _NO_VALUE


_NO_VALUE: Final = {
    "and", "the", "for", "first", "before", "prod", "production", "staging", "stage", "are", "with", "und", "que",
    "app", "namespace", "cluster", "host", "hosts", "stack", "region", "project", "context", "service", "nomad",
    "docker", "kubernetes", "k8s", "swarm", "compose", "systemd", "ansible", "nginx", "pgbouncer", "haproxy",
    "envoy", "istio", "argocd", "helm", "ecs",
}  # fmt: skip


def prompt_of(course: list[Placed]) -> str:
    """Return what people said before anything was done, and until the last thing they asked for."""
    said = []
    for each in course:
        event = each.reading.event
        if event.is_call:
            break
        if event.sort is Sort.STATEMENT and event.actor is Actor.PERSON:
            said.append(event.text)
    return "\n".join(said)
