"""Words that belong to tools, platforms and languages, and so to nobody's incident."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from leakdoc.playbook.records.declared import DECLARED
from leakdoc.playbook.records.rulebook import own_rules

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# What houses call their parts whatever they do, and what addresses, clouds and languages are made of.
_COMMON: Final = """
    about above access account acme acquire active address admin after agent alert alerts amazonaws analytics
    android api app application approval approved approves apps april array august auth azure azurecr
    azurewebsites backend backoff backoffice base batch before below beta bitnami blocked blue boolean branch
    breaker browser bucket build bytes cache call calls canceled cancelled celery central chart charts check
    circuit class client close closed cloud cloudapp cloudsql cluster cmd code command commands common compose
    compute config connect connection consumer container context control copy core count cpp critical cron
    csharp daemon data database deadline debug december default demo deploy deployment dev develop development
    device devops dispatcher docker domain dotnet downloads each east edge else email engine env error errors
    europe evening event events example examples exceeded exception exchange export external fatal february file
    files first flow friday from frontend function gateway generator get gigabytes github githubusercontent
    gitlab global golang google googleapis graph green group groups handler has hash health helper home host
    hosts hours http https idle image images incident incidents index info infra input inside instance integer
    integration interface internal into invalid january java javascript jboss jetty jobs july june jvm kafka
    kilobytes kotlin kube kubernetes lambda last latest legacy library limit list live load local localdomain
    localhost lock logs machine mail main make manager map march master megabytes memory message messages
    metrics micro microservice middleware migration minor minutes mobile model models module monday monitor
    monitoring morning mysql name names namespace netcore netty network new next nginx night node nodejs nodes
    north november null number object october old oncall online open opened operator operators outofmemory
    output over overflow packages page panic path pending pgbouncer php pipeline platform plugin pods pointer
    pool postgres postgresql preprod preview primary prod producer production profile project prometheus proxy
    public publisher puma python quay queue queues rails react read reader redis redisson region registry
    release releases remote replica repo report repos repository request requests resource resources response
    rest retry root router ruby runner running rust sandbox saturday scala scheduler schema script scripts
    second secondary seconds secure send september server servers service services session set settings shared
    sidekiq size slack slave sleeping socket source sources south spring sql stable stack stacktrace stage
    staging standby state static stats status storage store stream streams string submit subnet sunday svc sync
    system task tasks team temp template test testing tests that then there these this those thread threads
    thursday timeout timeouts today tomcat tools topic topics total trace traceback tracing traffic transaction
    transport tuesday type typescript uat under undertow unicorn unit unlock until update upload user users util
    utils value version view volume waiting warn warning watch watcher web webapp webhook webhooks weblogic
    websocket wednesday west when while wildfly window windows with work worker workers write writer yesterday
    zone
"""
_CALLED: Final = {
    "pagerduty", "opsgenie", "youtrack", "servicenow", "dingtalk", "wechat", "feishu", "mattermost", "rocketchat",
    "statuspage", "datadoghq", "newrelic", "honeycomb", "atlassian", "aliyuncs", "myqcloud", "tencentcloud", "aliyun",
    "digitalocean", "ondigitalocean", "herokuapp", "onrender", "fly", "vercel", "netlify", "cloudflare", "windows",
    "rds", "elasticache", "eks", "gke", "aks", "ecs", "kubepods", "burstable", "besteffort", "cgroup",
    "postgresql", "sqlserver", "mariadb", "mongodb", "rabbitmq", "clickhouse", "elasticsearch", "opensearch", "graphql",
    "javascript", "typescript", "openshift", "systemd", "wsgi", "asgi", "grpc", "jdbc", "odbc", "liveness", "readiness",
    "github", "gitlab", "bitbucket", "openai", "oauth", "saml", "ldap", "smtp", "imap", "json", "yaml", "html", "utf",
    "slice", "scope", "grow",
    "anon", "rss", "vmrss", "vmswap", "hikari", "pool", "queuepool", "hikaripool", "gauge", "sum", "rate", "deriv",
}  # fmt: skip


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case, however they are joined: by hyphens, humps, dots or not at all."""
    return [match[0].lower() for match in _WORD.finditer(name)]


@cache
def known_words() -> frozenset[str]:
    """Return the words of the tools that the rules know, of the parameters, and what every house calls its parts."""
    rules = own_rules()
    patterns = [word for rule in rules.commands for line in rule.run for words in line for word in words]
    patterns += [each.pattern for rule in (*rules.commands, *rules.edits) for each in (rule.has, rule.lacks) if each]
    patterns += [each.pattern for table in (rules.platforms, rules.drivers) for each in table.values()]
    bare = re.sub(r"\\[a-zA-Z]", " ", "\n".join((*patterns, *DECLARED, *rules.kinds)))
    return frozenset({*words_of(bare), *words_of(_COMMON), *_CALLED})


def is_of_tools(name: str) -> bool:
    """Whether every word of a name, or all of them as one, is a tool's or anybody's."""
    words = words_of(name)
    known = known_words()
    return "".join(words) in known or all(len(word) < _TELLING or word in known for word in words)


_TELLING: Final = 3  # letters: a shorter word tells nothing
