"""Names of people in a record: who approves, who signs, who is spoken to, and who wrote a commit.

They stand in statements and are nobody's parameter; what comes out of a record says `<person>` instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from leakdoc.playbook.records.event import Actor, RecordEvent, Sort

_N: Final = r"(?P<{}>[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁ][\w'’-]+)"
_ROLES: Final = (
    r"(?:(?:can|must|may|should|will|has to|is to|have to)\s+)?"
    r"(?:approves?\b|approved\b|sign(?:s|ing)? ?off|signs\b|gives?\b|decides?\b|"
    r"is (?:the )?IC|is (?:the )?(?:incident )?commander|is on call|on-call|aprueba|autoriza|valide|approuve|genehmigt|"
    r"entscheidet|aprova|approva|confirms|zatwierdza|keurt|godkänner)"
)
_SAID: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:^|[.;。]\s*)[^\W\d_][\w -]{2,24}:\s*" + _N.format("v") + r"(?=\s*(?:[.,;]|$))",  # `Freigabe: Jens.`
        r"\((?:desk lead |lead |IC |by )?" + _N.format("v") + r"\)",
        r"(?:负责人|审批人?|批准人?|承認者?|責任者|승인)\s*(?:[:：]|は|是)\s*(?P<v>[\u4e00-\u9fff\uac00-\ud7a3]{2,4})",
        _N.format("v") + r"\s+" + _ROLES,
        _N.format("v") + r"\s*\((?:IC|[\w.+-]+@[\w.-]+)\)",
        r"\b(?:IC|(?i:incident commander|on[ -]?call|approver|release manager)) (?:is|will be|today is|tonight is) "
        + _N.format("v"),
        r"(?i:approver|approvals?|approved by|commander|freigabe|ok from|signed)\W{1,3}"
        r"(?:(?:is|by|from|gibt|durch|von|me \()\s*)?" + _N.format("v"),
        r"(?:согласует|утверждает|одобряет|aprueba|autoriza|valide|gibt)\s+" + _N.format("v"),
        r"\b(?:Frau|Herrn?|Mme|Madame|Monsieur|Mrs?|Ms|Sra?|Pani?|Dr)\.?\s+" + _N.format("v"),
        r"(?P<v>[\uac00-\ud7a3]{2,4})님",
        r"\b(?i:ping|ask|(?:comes|go|ok|okay|ack) from|(?:sign-?off|approval|approved|signed|acked?) (?:by|from)|cc)\s+"
        + _N.format("v"),
        r"(?i:\bme)\s*\(" + _N.format("v") + r"\)",
        r"(?<![\w.])@" + r"(?P<v>[A-Za-zÀ-ž][\w-]+)(?![\w.]*[/@])",
        r"(?P<v>[\u4e00-\u9fff]{1,3}?)(?:さん|様|氏(?=[はがのに、]))",
        r"(?<![\u4e00-\u9fff])(?P<v>[\u4e00-\u9fff](?:工|姐|哥|总|老师|经理)|[小老阿][\u4e00-\u9fff])(?=[审批同确可说,,。::\s])",
        r"[找问请经等](?P<v>[\u4e00-\u9fff](?:工|姐|哥|总)|[小老阿][\u4e00-\u9fff])",
        r"(?i:\bask|\bping|\bcheck with|\bclear (?:it )?with|\btalk to)\s+" + _N.format("v"),
        r"由(?P<v>[\u4e00-\u9fff]{2,3}?)(?:审批|批准|确认)",
    )
)
_SIGNED: Final = (
    re.compile(r"(?:[-–—.!,]|\()\s*" + _N.format("v") + r"\W*$"),
    re.compile(r"^\W*(?:from \S+\s*:\s*)?" + _N.format("v") + r"\s*[::]"),
    re.compile(
        r"(?:[-–—.!,]|\()\s*" + _N.format("v") + r"\s+(?:(?:de|den|der|van|von|da|di|el|al|del|la|le)\s+)*[A-ZÀ-Ž]\S+$"
    ),
    re.compile(r"(?:--|—|–|\s/)\s?(?P<v>[a-z][a-z]{2,})\W*$"),
    re.compile(r"[。、]\s*(?P<v>[\u4e00-\u9fff]{1,4})\W*$"),
)
_AUTHORS: Final = (
    re.compile(r"(?m)^\^?[0-9a-f]{7,40}\s.*?\(\s*<?" + r"(?P<v>[^\d()<>\n]{2,40}?)>?\s+\d{4}-\d\d-\d\d"),
    re.compile(r"(?m)^Author:\s*(?P<v>[^<\n]{2,40}?)\s*(?:<|$)"),
)
_NOBODY: Final = re.compile(
    r"(?i)thanks?|danke|gracias|merci|grazie|obrigado|please|prod|production|staging|stage|yes|no|ok|okay|go|approved|done|"
    r"incident|resolved|rollback|service|app|team|oncall|on|the|this|that|it|who|nobody|somebody|everyone|someone|post|"
    r"here|channel|freigabe|please|slack|plan|decision|also|then|first|now|canary|root|cause|follow|bitte|и|lgtm|promote|"
    r"承認します|同意|同意上线|可以|以上"
)


def people_of(events: Iterable[RecordEvent]) -> list[str]:
    """Return the names of people, in the order in which they are first met."""
    found: dict[str, None] = {}
    events = list(events)
    for event in events:
        for pattern in _patterns(event):
            for match in pattern.finditer(event.text if event.sort is Sort.STATEMENT else event.output):
                name = match["v"].strip()
                if len(name) > 1 and not _NOBODY.fullmatch(name):
                    found[name] = None
    return [*found, *_surnames(events, found)]


def _surnames(events: list[RecordEvent], found: Iterable[str]) -> list[str]:
    """Return the names that stand behind those of people who are known by their first."""
    first = "|".join(re.escape(name) for name in found if name[0].isupper())
    if not first:
        return []
    behind = re.compile(
        rf"\b(?:{first})((?:\s+(?:de|den|der|van|von|da|di|el|al|del|la|le))*\s+[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]+)"
    )
    texts = (event.text for event in events if event.sort is Sort.STATEMENT)
    named = (match[1].split()[-1] for text in texts for match in behind.finditer(text))
    return [name for name in dict.fromkeys(named) if len(name) > 2 and not _NOBODY.fullmatch(name)]


def _patterns(event: RecordEvent) -> tuple[re.Pattern[str], ...]:
    if event.sort is not Sort.STATEMENT:
        return _AUTHORS if "git " in event.command else ()
    return (*_SAID, *_SIGNED) if event.actor is Actor.PERSON else _SAID
