"""What names staging in a record: the words for it, and the places that people, or the record itself, call so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from leakdoc.playbook.records.event import Actor, RecordEvent, Sort

SAYS_STAGING: Final = re.compile(
    r"(?i)(?<![a-z])(staging|(?<!--)(?<!-)stage(?!\s*[=:])|stg|uat|abnahme|recette|homolog\w*|preproducci[oó]n|pre-?prod|preprod|preview|sandbox|qa|perf-?env|loadtest-env)(?![a-z])|"
    r"预发|测试环境|灰度环境"
)
_PLACE: Final = r"(?P<v>[a-z0-9][a-z0-9.]*(?:[-_.][a-z0-9]+)*)"
_KIND: Final = (
    r"(?:test(?:ing)?|staging|stage|stg|preview|sandbox|lab|rehearsal|acceptance|uat|qa|pre-?prod(?:uction)?|dev|probe|"
    r"abnahme|vorschau|recette|préprod|pruebas|homologação|collaudo|acceptatie|testovací|testowe|тестов\w+|тест)"
)
_CALLED_SO: Final = re.compile(
    r"(?i)\b(?:staging|stage|stg|uat|pre-?prod(?:uction)?|test)\s+(?:app|box|host|namespace|ns|cluster|context|project|node|"
    r"environment|env)\s+(?:is |called |named |= ?|: ?)?[`\"']?" + _PLACE + r"|"
    r"\b(?:validate|try|test|verify|check)\b[^.;\n]{0,24}?\b(?:on|in)\s+(?:the )?"
    r"(?:cluster|namespace|ns|host|box|context|app)?\s*[`\"']?(?P<w>[a-z0-9]+(?:[-_.][a-z0-9]+)+)[`\"']?(?=\s+(?:first|before|prior))|"
    r"\b(?:use|usa|nutze|erst|zuerst|d'abord|primero|primeiro|prima|まず)\s?(?:in|auf|sur|dans|en|em|su|on|the)?\s?"
    r"(?P<y>[a-z0-9]+(?:[-_.][a-z0-9]+)+|[a-z]+\d+)(?=[^.;\n]{0,24}(?:first|before|prüf|test|valid|verif|検証|,|$|\.))|"
    r"(?P<z>[a-z0-9]+(?:[-_.][a-z0-9]+)+)\s+first\b|まず\s?(?P<j>[a-z0-9]+(?:[-_.][a-z0-9]+)*)\s?で|"
    r"(?<![\w./-])(?P<a>[a-z0-9][\w.-]*\w) (?:is|=) (?:the |our |a )?" + _KIND + r"\b|"
    r"\b"
    + _KIND
    + r"(?:[ -]?(?:umgebung|system|maschine|app|box|host|vm|server|namespace|ns|cluster|context|project|group|"
    r"resource group|service|region|stack|stage|org|space|account|environment|env|machine|instance|inventory))?\s?"
    r"(?:is|=|:|：|called|named|heißt|ist|es|est|è|é)\s?[`\"']?(?P<b>[a-z0-9](?=[\w.-]*[-_.\d])[\w.-]*\w)|"
    r"\b(?P<c>[a-z0-9](?=[\w.-]*[-_.\d])[\w.-]*\w)[^.;,\n]{0,12}"
    r"\b(?:zum testen|pour les tests|para pruebas|per i test|で(?:試|検証))|"
    r"\b(?:máquina|servidor|entorno|host|caja) de (?:pruebas?|preproducción)\s(?:es|=|:)?\s?(?P<d>[a-z0-9][\w.-]*\w)|"
    r"(?:検証|テスト|ステージング)(?:機|環境|用)?(?:は|:|：)\s?(?P<e>[a-z0-9][\w.-]*\w)|"
    r"\b(?P<f>[a-z0-9](?=[\w.-]*[-_.\d])[\w.-]*\w) (?:is (?:there )?)?for (?:the )?"
    r"(?:trials?|trying|tests|testing|rehearsals?|experiments?|validation)|"
    r"(?:预发|测试|灰度)(?:环境)?(?:命名空间|集群|机器|主机|节点|应用)?(?:是|为|[::])?\s*(?P<x>[a-z0-9]+(?:[-_.][a-z0-9]+)+)"
)
_GOES_TO: Final = re.compile(
    r"(?:\s-n|--namespace|--context|--cluster|--app|\s-a)[ =]([\w.-]+)|\bssh\s+(?:-\S+\s+)*(?:[\w.-]+@)?([a-z][\w.-]+)"
)


def staging_places(events: Iterable[RecordEvent]) -> frozenset[str]:
    """Return the names of places that are staging: called so by a person, or where staging was said to be deployed.

    A place that something was looked at in before anybody called it staging is never one.
    """
    named: set[str] = set()
    used: set[str] = set()
    for event in events:
        if event.sort is Sort.STATEMENT and event.actor is Actor.PERSON:
            for match in _CALLED_SO.finditer(event.text):
                named |= {value.rstrip(".") for value in match.groupdict().values() if value}
        elif event.is_call:
            places = {place for found in _GOES_TO.findall(event.command) for place in found if place}
            if SAYS_STAGING.search(event.said) and not re.search(r"(?i)prod|生产|线上", event.said):
                named |= places - used
            used |= places
    return frozenset(name for name in named if not _GENERIC.fullmatch(name))


_GENERIC: Final = re.compile(r"(?i)first|before|staging|production|prod|default|it|this|that|and|is|the|-+")


def names_one(text: str, places: Iterable[str]) -> bool:
    """Whether a text names one of these places, as a word of its own."""
    return any(re.search(rf"(?<![\w-]){re.escape(place)}(?![\w-])", text) for place in places)
