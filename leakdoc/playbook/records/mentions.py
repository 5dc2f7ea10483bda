"""Values in a command that belong to one incident, each in a position that says of what type it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from leakdoc.playbook.records.interpreting import STAGING, Reading


class Mention(NamedTuple):
    """A value where its position says what it is.

    Args:
        name: of the parameter that it would be.
        type: of a playbook's parameter.
    """

    name: str
    type: str
    value: str


class _Position(NamedTuple):
    name: str
    type: str
    pattern: re.Pattern[str]
    within: re.Pattern[str] | None  # what else has to stand in the command


def _position(name: str, type_: str, pattern: str, within: str = "") -> _Position:
    return _Position(name, type_, re.compile(pattern), re.compile(within) if within else None)


_V: Final = r"['\"]?(?P<v>[^\s'\"=,;|&(){}<>$`\\]+)['\"]?"
_NAME: Final = r"(?P<v>[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)"
_KUBE: Final = r"\b(kubectl|oc|helm|stern|k9s|argocd|istioctl|linkerd|kubetail)\b"
_DATABASE: Final = r"\b(psql|pgcli|pg_dump|mysql|mysqladmin|mariadb|mycli|redis-cli|valkey-cli|mongosh|pgbench|usql|pg_isready|clickhouse-client|cockroach|cqlsh|trino|sqlcmd|sqlplus|isql|influx)\b"

_POSITIONS: Final = (
    _position("namespace", "text", rf"(?:\s-n|--namespace)[ =]{_V}", _KUBE),
    _position("namespace", "text", r"\bnamespace=~?\\?\"(?P<v>[\w-]+)\\?\""),
    _position("context", "text", rf"--(?:kube-)?context[ =]{_V}", _KUBE),
    _position("cluster", "text", rf"--cluster(?:-name)?[ =]{_V}"),
    _position("region", "text", rf"--region[ =]{_V}"),
    _position("cluster", "text", rf"\baz aks\b[^|;&\n]*?\s(?:-n|--name)[ =]{_V}"),
    _position("cluster", "text", rf"\bgcloud container clusters (?:get-credentials|describe)\s+{_NAME}\b"),
    _position("cluster", "text", rf"\baws eks\b[^|;&\n]*?\s--name[ =]{_V}"),
    _position("context", "text", rf"\bkubectl config use-context\s+{_V}"),
    _position("context", "text", rf"\bkubectx\s+(?!-){_V}"),
    _position("context", "text", rf"\bdocker\b[^|;&\n]{{0,40}}?\s(?:--context|context use)[ =]{_V}"),
    _position("namespace", "text", rf"\bkubens\s+(?!-){_V}"),
    _position("namespace", "text", rf"\bnomad\b[^|;&\n]*?\s-namespace[ =]{_V}"),
    _position("queue", "text", rf"--topics?[ =]{_V}", r"(?i)kafka|kcat|rpk|pulsar|mosquitto"),
    _position("queue", "text", rf"\b(?:kcat|kafkacat)\b[^|;&\n]*?\s-t\s+{_V}"),
    _position("queue", "text", r"--queue-url[ =]['\"]?https://\S+/(?P<v>[\w.-]+)"),
    _position("queue", "text", r"(?i)\bredis-cli\b[^|;&\n]*?\s(?:llen|lrange|xlen|xinfo stream|zcard|scard)\s+['\"]?(?:queue:)?(?P<v>[\w:.-]+)"),
    _position("broker", "host", r"(?:--bootstrap-servers?|bootstrap\.servers|--broker-list|--brokers?)[ =]['\"]?(?P<v>[a-zA-Z\d][\w.-]*)"),
    _position("broker_port", "port", r"(?:--bootstrap-servers?|bootstrap\.servers|--broker-list|--brokers?)[ =]['\"]?[a-zA-Z\d][\w.-]*:(?P<v>\d{2,5})"),
    _position("pod", "text", r"\b(?:logs|(?:describe|delete|top|get) pods?)\s+(?:-[a-z]+\s+)*(?P<v>[a-z][a-z0-9-]*-\d{1,2})(?=\s)", _KUBE),
    _position("service", "service", rf"\bcf\s+(?:app|logs|ssh|push|restart|restage|env|events|scale|rollback)\s+{_NAME}\b"),
    _position("host", "host", r"\bssh\s+(?:-\S+\s+)*(?:[\w.-]+@)?\[?(?P<v>[0-9a-fA-F]{1,4}(?::{1,2}[0-9a-fA-F]{1,4}){2,7})\]?"),
    _position("log_group", "text", rf"(?:--log-group-name[ =]|\blogs tail ){_V}"),
    _position("pod", "text", r"(?<![\w/-])(?:pod/)?(?P<v>[a-z][a-z0-9-]*-[a-f0-9]{6,10}-[a-z0-9]{5})\b"),
    _position("pod", "text", r"\b(?:exec|rsh|logs|debug|top pods?|(?:get|describe|delete) pods?)[ /]\s*(?:-\S+\s+)*(?:pod/)?(?P<v>[a-z][a-z0-9-]*-\d+-[a-z0-9]{5})\b", _KUBE),
    _position("resource_group", "text", rf"(?:\s-g|--resource-group)[ =]{_V}", r"\baz\b"),
    _position("service", "service", rf"(?:\s-n|--name)[ =]{_NAME}(?![\w.-])", r"\baz (?:containerapp|webapp|functionapp|spring)\b"),
    _position("project", "text", rf"--project[ =]{_V}", r"\bgcloud\b"),
    _position("service", "service", rf"\bgcloud run (?:services|revisions|deploy)\s+(?:(?:describe|update|list|update-traffic)\s+)?{_NAME}\b"),
    _position("bastion", "host", r"\bssh\b[^\n|;]*?\s-J\s*(?:[\w.-]+@)?(?P<v>[\w.-]+)"),
    _position("pod", "text", r"\bexec\s+(?:-[a-z]+\s+)*(?P<v>[a-z][a-z0-9-]*-\d+)\s", _KUBE),
    _position("service", "service", rf"\b(?:deploy|deployment|deployments|rollout|sts|statefulset|ds|svc|dc)(?:/| (?!commit|push|add)){_NAME}(?![\w/.-])", _KUBE),
    _position("service", "service", rf"\brollouts\s+(?:undo|promote|abort|status|set image|get rollout|retry rollout)\s+{_NAME}\b"),
    _position("service", "service", rf"-l\s+(?:app|app\.kubernetes\.io/name|name|service|k8s-app)={_NAME}"),
    _position("service", "service", r"\b(?:app|service|job|service_name|app_name|workload|deployment|destination_service_name)=~?\\?\"(?P<v>[a-z][\w-]*)\\?\""),
    _position("service", "service", rf"--services?(?:-name)?[ =]{_NAME}(?![\w.-])"),
    _position("service", "service", rf"\bhelm\s+(?:-\S+\s+)*(?:upgrade|rollback|history|status|get|install)\s+(?:-\S+\s+)*{_NAME}\b"),
    _position("service", "service", rf"\bargocd\s+app\s+\w+\s+{_NAME}\b"),
    _position("service", "service", rf"\bnomad\s+job\s+(?:status|history|revert|run|inspect|promote|restart)\s+(?:-\S+\s+)*{_NAME}(?![\w.-])"),
    _position("service", "service", rf"\bsystemctl\s+(?:--?\S+\s+)*(?:status|restart|reload|stop|start|show|cat|is-active)\s+(?:-[\w-]+(?:[ =]\w+)?\s+)*{_NAME}(?:\.service)?\b"),
    _position("service", "service", rf"\bsystemctl show\s+(?:-p\s+\w+\s+|--\S+\s+)*{_NAME}(?:\.service)?\b"),
    _position("service", "service", rf"\bjournalctl\b[^|;]*?(?:-u|--unit)[ =]?{_NAME}(?:\.service)?\b"),
    _position("service", "service", rf"\bdocker(?:-compose| compose)\s+(?:-\S+\s+(?:\S+\.ya?ml\s+)?)*(?:exec|logs|restart|up|stop|ps|top|pull|run)\s+(?:-\S+\s+(?:\d+\S*\s+)?)*{_NAME}(?![\w/.:-])"),
    _position("service", "service", rf"\b(?:supervisorctl|pm2)\s+\w+\s+{_NAME}\b"),
    _position("service", "service", rf"\b(?:fly|flyctl|heroku)\b.*?\s(?:-a|--app)[ =]{_NAME}\b"),
    _position("service", "service", r"\bdocker service (?:update|inspect|ps|rollback|scale|logs)\s+(?:-\S+\s+(?:\S+:\S+\s+|\d+\w*\s+)?)*(?P<v>[a-z][\w-]*)(?![\w./:-])"),
    _position("container", "text", rf"\b(?:docker|podman)\s+(?:exec|logs|inspect|stats|top|restart|cp|update|kill|port)\s+(?:-{{1,2}}[\w-]+(?:[= ](?:\d+\w?|'[^']*'|\"[^\"]*\"))?\s+)*{_NAME}(?![\w/.-]*[/:])"),
    _position("task", "text", rf"--tasks?[ =]{_V}"),
    _position("allocation", "text", r"\balloc\s+(?:exec|logs|status|restart|signal)\s+(?:-\S+\s+(?:[a-z]+\s+|\d+\s+)?)*(?P<v>[0-9a-f]{8,36})\b"),
    _position("pid", "pid", r"(?:--pid[ =]|\s-p[ =]?)(?P<v>\d{1,7})\b", r"py-spy|pystack|lsof|pmap|strace|gdb|memray|rbspy|rbtrace|perf|pidstat|pystack|austin|gcore|nsenter|memleak|ps\b|top\b|prlimit|smem|dotnet"),
    _position("pid", "pid", r"\b_?(?:pid|PID)=(?P<v>\d{2,7})\b"),
    _position("pid", "pid", r"/proc/(?P<v>\d{1,7})/"),
    _position("pid", "pid", r"\b(?:asprof|async-profiler|profiler\.sh|heaptrack|py-spy|perf)\b[^|;\n]*\s(?P<v>\d{2,7})\s*(?:$|['\"|;&\n])", r"asprof|async-profiler|profiler\.sh"),
    _position("pid", "pid", r"\b(?:pmap|jstack|jmap|jcmd|jstat|gcore|pystack remote|kill|rbtrace)\s+(?:-\S+\s+|[A-Za-z]\w*\s+)*?(?P<v>\d{1,7})\b"),
    _position("pid", "pid", r"\bmemray (?:attach|live|detach)\b[^\n]*(?<!--duration)(?<!-d)\s(?P<v>\d{1,7})\s*(?:$|['\"|;&\n]|\s--)"),
    _position("pid", "pid", r"\bProcess\((?P<v>\d{1,7})\)"),
    _position("db_host", "host", rf"(?:\s-h|--host)[ =]?{_V}", _DATABASE),
    _position("db_port", "port", r"(?:\s-p|\s-P|--port)[ =]?(?P<v>\d{2,5})\b", _DATABASE),
    _position("db_port", "port", r"(?:[sd]port\s*=?\s*)?(?<![\d.\w]):(?P<v>\d{4,5})\b(?![./])", r"\b(ss|netstat|lsof|grep|conntrack)\b"),
    _position("db_name", "text", rf"(?:\s-d|--dbname|--database)[ =]{_V}", _DATABASE),
    _position("db_name", "text", r"\bmysql\b(?:\s+-\S+(?:\s+[\w.-]+)?)*?\s+(?P<v>[a-z]\w+)\s+-e\b"),
    _position("db_host", "host", r"\b(?:postgres\w*|mysql|rediss?|mongodb|amqps?|jdbc:\w+)(?:\+\w+)?://(?:\[redacted\]@|[^\s@/]*@)?(?P<v>[\w.-]+)"),
    _position("db_port", "port", r"\b(?:postgres\w*|mysql|rediss?|mongodb|amqps?|jdbc:\w+)(?:\+\w+)?://(?:\S*@)?[\w.-]+:(?P<v>\d+)"),
    _position("db_name", "text", r"\b(?:postgres\w*|mysql|mongodb|jdbc:\w+)(?:\+\w+)?://(?:\S*@)?[\w.-]+(?::\d+)?/(?P<v>[\w-]+)"),
    _position("db_host", "host", r"@(?://)?(?P<v>[a-z][\w.-]*\.[\w.-]+)(?::\d+)?/\w+", r"\b(sqlplus|sqlcl)\b"),
    _position("db_port", "port", r"@(?://)?[\w.-]+:(?P<v>\d{2,5})/\w+", r"\b(sqlplus|sqlcl)\b"),
    _position("db_name", "text", r"@(?://)?[\w.-]+(?::\d+)?/(?P<v>\w+)", r"\b(sqlplus|sqlcl)\b"),
    _position("db_host", "host", r"\bsqlcmd\b[^|;\n]*?\s-S\s*(?:tcp:)?(?P<v>[\w.-]+)"),
    _position("db_port", "port", r"\bsqlcmd\b[^|;\n]*?\s-S\s*(?:tcp:)?[\w.-]+,(?P<v>\d{2,5})"),
    _position("db_name", "text", r"\bdatname\s*=\s*\\?'(?P<v>[\w-]+)"),
    _position("upstream", "host", r"\bgrpcurl\b[^|;\n]*?\s(?P<v>[a-z][\w-]*\.[\w.-]+):\d{2,5}\b"),
    _position("upstream_port", "port", r"\bgrpcurl\b[^|;\n]*?\s[a-z][\w-]*\.[\w.-]+:(?P<v>\d{2,5})\b"),
    _position("image_tag", "revision", r"[-_](?P<v>v?\d+\.\d[\w.~+]*?)(?:[-_](?:amd64|arm64|all|x86_64|noarch))?\.(?:deb|rpm|msi|apk|whl|jar|war)\b"),
    _position("image_tag", "revision", r"\b(?:apt|apt-get|dnf|yum|apk)\b[^|;&\n]*?\s[a-z][\w-]*=(?P<v>v?\d[\w.~+-]*)"),
    _position("image_tag", "revision", r"\bgit tag\s+(?:-\w+\s+)*(?P<v>v?\d[\w.-]*)"),
    _position("stable_revision", "revision", r"--function-version[ =](?P<v>\d+)"),
    _position("stable_revision", "revision", r"\bgit push\s+\S+\s+(?P<v>[0-9a-f]{7,40}):"),
    _position("host", "host", r"(?:\s-H|--host)[ =](?:ssh|tcp)://(?:\w+@)?(?P<v>[\w.-]+)"),
    _position("host", "host", r"--(?:instance-ids?|targets?)[ =](?P<v>i-[0-9a-f]{8,17})\b"),
    _position("image_tag", "revision", r"\bgit (?:checkout|switch|reset --hard)\s+(?:-q\s+)?(?P<v>v?\d+\.\d[\w.-]*)"),
    _position("db_host", "host", r"\bhost=(?P<v>[\w.-]+)", _DATABASE),
    _position("db_port", "port", r"\bport=(?P<v>\d{2,5})\b", _DATABASE),
    _position("db_name", "text", r"\b(?:dbname=|datname\s*=\s*\\?')(?P<v>[\w-]+)", _DATABASE),
    _position("host", "host", r"(?<!fly )(?<!flyctl )(?<!compute )\bssh\s+(?:-\S+(?:\s+(?:[\w./-]+\.pem|\d+|\w+=\w+))?\s+)*(?:[\w.-]+@)?(?P<v>[A-Za-z][\w.-]+(?![\w.-]*@)|\d+(?:\.\d+){3})"),
    _position("host", "host", r"\b(?:scp|rsync)\b.*?\s(?:[\w.-]+@)?(?P<v>[a-z][\w.-]+):/"),
    _position("metrics_url", "url", r"\bpromtool query \w+\s+(?:--?\S+\s+)*?(?P<v>https?://[^\s'\"]+)"),
    _position("metrics_url", "url", r"(?P<v>https?://[^\s/'\"]+)(?:/[\w/.-]+?)?/(?:api/v1/(?:query|query_range|series|alerts)|prometheus/api)"),
    _position("stable_revision", "revision", r"--to-revision[ =](?P<v>\d+)\b"),
    _position("image_tag", "revision", r"--(?:revision|version|release)[ =](?P<v>v?[\w][\w.-]*)"),
    _position("stable_revision", "revision", r"\brollback\s+(?:[a-z][\w-]*\s+)?(?P<v>v?\d[\w.-]*)\b"),
    _position("stable_revision", "revision", r"\b(?:helm rollback|argocd app rollback|nomad job revert)\s+[\w-]+\s+(?P<v>\d+)\b"),
    _position("new_revision", "revision", r"--task-definition[ =](?P<v>[\w-]+:\d+)"),
    _position("image_tag", "revision", r"[\w.-]+/[\w./-]+:(?P<v>[\w][\w.-]{1,127})(?=['\"\s]|$)"),
    _position("image_tag", "revision", r"(?:--set\s+\S*(?:image\.)?tag|\bTAG|\bVERSION|\bIMAGE_TAG|\bimage_tag|newTag[\"']?|\bversion|\brelease|\bref)[=:]\s*['\"]?(?P<v>v?\d[\w.-]*|[\w][\w.-]{2,})"),
    _position("image_tag", "revision", r"\b(?:deploy|release|promote|rollout|canary|ship)[\w./-]*\s+(?:\S+\s+){0,3}?(?P<v>v\d[\w.-]*|20\d\d[.-]?\d\d[.-]?\d\d[\w.-]*|\d+\.\d+\.\d+[\w.-]*)\b"),
    _position("image_tag", "revision", r"\.(?:image\.)?tags?\s*=\s*['\"]?(?P<v>v?\d[\w.-]*)"),
    _position("image_tag", "revision", r"(?:--?var\s+|--?v\s+)['\"]?\w*(?:tag|version|image|release)=['\"]?(?P<v>v?\d[\w.-]*)"),
    _position("address", "url", r"(?:\b[A-Z]+_ADDR=|--?address[ =])['\"]?(?P<v>https?://[\w.-]+(?::\d+)?)"),
    _position("stable_revision", "revision", r"--revision-weight\s+(?P<v>[\w-]+--\w+)="),
    _position("stable_revision", "revision", r"\breleases/(?P<v>20\d{6,12}(?:[-.]\w+)*|\d{2,6})\b"),
    _position("channel", "slack_channel", r"(?<![\w&/])(?P<v>#[a-z][\w-]{2,79})\b"),
    _position("idle_seconds", "duration", r"(?i)interval\s+'(?P<v>\d+)\s*(?:s|sec|seconds?|min|minutes?)'"),
    _position("queue", "text", r"\b(?:list_queues|purge_queue|get queue=)\s*(?P<v>[\w.-]+)"),
    _position("git_sha", "revision", r"\bgit\s+(?:show|revert|cherry-pick|diff|checkout|reset)\b[^|;]*?\s(?P<v>[0-9a-f]{7,40})\b"),
)  # fmt: skip

_PATH: Final = re.compile(r"(?<![\w./:~-])(?P<v>(?:[A-Za-z]:)?~?/?(?:[\w.-]+/)+[\w.-]*)(?![\w/])")
SOURCE_FILE: Final = re.compile(
    r"(?<![\w./~-])(?P<v>(?:[A-Za-z]:)?~?/?(?:[\w.-]+/)*[\w-]+\.(?:py|go|java|kt|scala|rb|js|ts|tsx|jsx|mjs|rs|php|cs|c|cc|cpp|ex|exs|sql|lua|vue))(?![\w/])"
)
_NO_SOURCES: Final = ("/tmp", "/proc", "/dev", "/var/log", "/etc", "/usr", "./", "http")
_STAGED: Final = {
    "namespace",
    "resource_group",
    "project",
    "context",
    "cluster",
    "host",
    "metrics_url",
    "service",
    "container",
    "pod",
    "db_host",
    "address",
    "broker",
    "queue",
}


def mentions(reading: Reading) -> Iterator[Mention]:
    """Yield the values of one call, in the order of the positions."""
    if reading.event.step:
        yield from _of_a_step(reading)
    line = f" {reading.line} "
    for position in _POSITIONS:
        if position.within is not None and not position.within.search(line):
            continue
        for match in position.pattern.finditer(line):
            value = (match["v"] or "").rstrip(".:,/")
            if (position.name == "pid" and value in ("0", "1")) or (position.type == "service" and len(value) < 2):
                continue
            if position.type == "service" and value.startswith("systemd-"):
                continue  # what starts a container or a scope for the service
            if position.name == "namespace" and not value[:1].isalpha():
                continue  # `head -n 20`
            if position.type == "host" and _HERE.fullmatch(value):
                continue
            if value and not value.startswith("-") and value not in _NO_VALUES:
                yield Mention(_name(position.name, value, reading, line), position.type, value)
    yield from _upstreams(reading, line)
    yield from _paths(reading)


_ASKED: Final = re.compile(
    r"\bhttps?://(?:[^\s/@'\"]*@)?(?P<host>[\w.-]+\.[\w.-]*\w)(?::(?P<port>\d{2,5}))?(?=[/\s'\"?]|$)"
)
_OWN: Final = re.compile(
    r"(?i)slack|hooks?\b|api/v1|prometheus|grafana|datadog|jenkins|gitlab|github|discord|pagerduty|query=|"
    r"/debug/|pprof|/metrics"
)


def _upstreams(reading: Reading, line: str) -> Iterator[Mention]:
    """Yield the host and port of what was asked how it answers, before anything was changed."""
    if (
        reading.kind in ("upstream", "server_connections", "symptom", "threads")
        and reading.place != STAGING
        and not _OWN.search(line)
    ):
        for match in _ASKED.finditer(line):
            if not _HERE.fullmatch(match["host"]):
                yield Mention("upstream", "host", match["host"])
                if match["port"]:
                    yield Mention("upstream_port", "port", match["port"])


_HERE: Final = re.compile(r"localhost|127(\.\d+){3}|0\.0\.0\.0|::1")
_NO_VALUES: Final = {
    "all", "prod-", "rollout", "status", "history", "get", "set", "image", "undo", "restart", "pods", "pod", "deploy",
    "redacted", "image_tag", "tests", "test", "sh", "bash", "app", "job", "name", "the", "in", "latest", "default", "and", "com", "json", "yaml",
}  # fmt: skip


def _name(name: str, value: str, reading: Reading, line: str) -> str:
    if name == "db_port" and re.search(r"(?i)pgbouncer|proxysql|pgpool|haproxy", line):
        return "proxy_port"
    if reading.place == STAGING and name in _STAGED and re.search(r"(?i)stag|stg|uat|qa|dev|preprod|test|预发", value):
        return f"staging_{name}"
    return name


_GIVEN_TO_STEPS: Final = {
    "service": ("service", "service"),
    "channel": ("channel", "slack_channel"),
    "revision": ("image_tag", "revision"),
    "source": ("source", "path"),
}


def _of_a_step(reading: Reading) -> Iterator[Mention]:
    inputs, outputs = reading.event.values.get("inputs"), reading.event.values.get("outputs")
    given = inputs.get("with") if isinstance(inputs, dict) else None
    for name, value in given.items() if isinstance(given, dict) else ():
        if name in _GIVEN_TO_STEPS and isinstance(value, str) and value:
            yield Mention(*_GIVEN_TO_STEPS[name], value)
    if reading.event.step.endswith("record_rollback_point") and isinstance(outputs, dict) and outputs.get("revision"):
        yield Mention("stable_revision", "revision", str(outputs["revision"]))


def _paths(reading: Reading) -> Iterator[Mention]:
    if reading.kind in ("code", "history", "fix", "test", "build") or reading.event.path:
        for text in (reading.event.path, re.sub(r"(?m)^(---|\+\+\+) [ab]/", r"\1 ", reading.line)):
            for match in SOURCE_FILE.finditer(text):
                if reading.kind in ("test", "build") and not re.search(r"(?i)test|spec", match["v"]):
                    continue
                is_test = re.search(r"(?i)(^|/)(tests?|spec)/|test_|_test|\.spec\.|tests?\.", match["v"])
                yield Mention("test_path" if is_test else "source_file", "path", match["v"])
    if reading.kind in ("code", "history"):
        for match in _PATH.finditer(re.sub(r"'[^']*'|\"[^\"]*\"", " ", reading.line)):
            if not SOURCE_FILE.fullmatch(match["v"]) and not match["v"].startswith(_NO_SOURCES):
                yield Mention("source", "path", match["v"].rstrip("/"))
        if reading.kind == "code":
            last = reading.simples[0].argv[-1] if reading.simples and len(reading.simples[0].argv) > 2 else ""
            if (
                re.fullmatch(r"(src|lib|app|apps|pkg|internal|cmd|services?|server|backend|api|\w+)/?", last)
                and not last.isdigit()
            ):
                yield Mention("source", "path", last.rstrip("/"))
