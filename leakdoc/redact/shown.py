"""Commands whose whole output is a secret, because that is what they were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NAMED: Final = r"\w*(?:password|passwd|pwd|pass|secret|token|api_?key|private_?key|credential)s?\w*"
_ASKS: Final = re.compile(
    r"\b(?:kubectl|oc)\b[^\n|;]*\bget\s+secrets?\b[^\n|;]*\s(?:-o|--output|--template)|"
    r"\bgcloud\s+secrets\s+versions\s+access\b|"
    r"\baws\s+secretsmanager\s+get-secret-value\b|"
    r"\baws\s+ssm\s+get-parameters?\b[^\n|;]*--with-decryption|"
    r"\baz\s+keyvault\s+secret\s+show\b|"
    r"\bvault\s+(?:kv\s+get|read)\b[^\n|;]*\s-field|"
    r"\bterraform\s+output\b[^\n|;]*\s-raw\s|\baws\s+ecr\s+get-login-password\b|\brds\s+generate-db-auth-token\b|"
    r"\bgcloud\s+auth\s+(?:\S+\s+)?print-\w+-token\b|\bkubectl\b[^\n|;]*\screate\s+token\b|"
    r"\baz\s+account\s+get-access-token\b|\boc\s+whoami\s+(?:-t|--show-token)|\bgh\s+auth\s+token\b|"
    r"\bheroku\s+auth:token\b|\bopenssl\s+rand\b|(?:^|[|;&]\s*)(?:pwgen|apg)\b|\bwg\s+gen(?:key|psk)\b|"
    r"\bvault\s+print\s+token\b|"
    r"\bop\s+(?:read|item\s+get)\b|\bbw\s+get\s+(?:password|totp)\b|\bsecurity\s+find-\w+-password\b[^\n]*\s-w|"
    r"(?:^|[|;&]\s*)(?:g?pass|gopass)\s+(?:show\s+)?[\w-]+/|\bchamber\s+read\b|\bdoppler\s+secrets\s+get\b|"
    r"\bsops\s+(?:-d|--decrypt)\b|\bansible-vault\s+(?:view|decrypt)\b|"
    rf"(?i:\b(?:printenv|heroku\s+config:get)\s+{_NAMED})|"
    rf"(?i:(?:^|[|;&]\s*)(?:echo|printf\s+\S+)\s+[\"']?\$\{{?{_NAMED}\}}?[\"']?\s*$)|"
    rf"\bgdb\b[^\n]*['\"](?:p|print|printf|output|x)(?:/\w+)?\s[^'\"\n]*(?i:{_NAMED})|"
    rf"(?i:\bcat\s+(?:/var)?/run/secrets/\S*\s*$)"
)
_VALUE: Final = re.compile(
    r"(?i)[\"'](?:value|secret(?:string|binary)?|plaintext|payload)[\"']\s*:\s*\"(?P<value>(?:[^\"\\\n]|\\.)+)\""
)
_PRINTED: Final = re.compile(r"(?m)^\$\d+ = [^\"\n]*\"(?P<value>[^\"\n]+)\"")  # as a debugger shows a text
_LONGEST: Final = 8192  # characters of one line that may be one secret
_MOST_LINES: Final = 20


def asks_for_a_secret(command: str) -> bool:
    """Whether a command's output is a secret and nothing else."""
    return _ASKS.search(command) is not None


def secrets_of_output(output: str) -> Iterator[str]:
    """Yield the words that stand alone on a line of such an output, or its values in JSON; a sentence is an error."""
    yield from (match["value"] for match in _VALUE.finditer(output))
    yield from (match["value"] for match in _PRINTED.finditer(output))
    for line in output.splitlines()[:_MOST_LINES]:
        word = line.strip()
        if word and len(word) <= _LONGEST and not re.search(r"\s", word) and word not in ("{", "}", "[", "]"):
            yield word
