"""No form of a secret survives an extraction: not in the playbook, the explanation, an error or an export."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from leakdoc.playbook.records.building import built
from leakdoc.playbook.records.explaining import explained
from leakdoc.playbook.records.rulebook import own_rules
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.registry import installed
from leakdoc.redact.scrubber import Scrubber
from tests.records_scenes import did, incident_of, leak, person

SECRET = "kx9!Zq-w41/Pe+rT"
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75kXq2vZ1m8Yw0\n"
    "q9Zt5yB7Jc3nLd6Rf1Hs4Gk8Xv2Wb0\n-----END RSA PRIVATE KEY-----"
)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PLACES = {
    "assignment": f"PGPASSWORD='{SECRET}' psql -h db -c 'select 1 from pg_stat_activity'",
    "option": f"mycli --password '{SECRET}' -e 'show processlist'",
    "url": f"psql 'postgresql://app:{quote(SECRET, safe='')}@db.example.com:5432/pay' -c 'select 1'",
    "redis url": f"redis-cli -u 'rediss://:{quote(SECRET, safe='')}@cache.example.com:6380' info clients",
    "jdbc": f"java -jar probe.jar 'jdbc:postgresql://db/pay?user=app&password={quote(SECRET, safe='')}&ssl=true'",
    "basic user": f"curl -s -u 'ops:{SECRET}' http://api.example.com/debug/pool",
    "user among other short options": f"curl -skSu 'ops:{SECRET}' http://api.example.com/debug/pool",
    "cookie among other short options": f"curl -sb 'session={SECRET}' http://api.example.com/debug/pool",
    "cookie": f"curl -s -H 'Cookie: session={SECRET}; theme=dark' http://api.example.com/debug/pool",
    "cookie option": f"curl -s -b 'session={SECRET}' http://api.example.com/debug/pool",
    "header": f"curl -s -H 'Authorization: Bearer {SECRET}' http://api.example.com/debug/pool",
    "api key": f"curl -s -H 'X-Api-Key: {SECRET}' http://api.example.com/debug/pool",
    "basic header": f"curl -s -H 'Authorization: Basic {b64('ops:' + SECRET)}' http://api.example.com/debug/pool",
    "redis option": f"redis-cli -h cache -a '{SECRET}' info clients",
}
PRINTED = {
    "environment": f"HOME=/root\nDB_PASSWORD={SECRET}\nLANG=C",
    "json environment": json.dumps([{"name": "DB_PASSWORD", "value": SECRET}]),
    "kubernetes secret": f"apiVersion: v1\ndata:\n  DB_PW: {b64(SECRET)}\nkind: Secret\n",
    "kubernetes secret in json": json.dumps({"kind": "Secret", "data": {"DB_PW": b64(SECRET)}}),
    "kubeconfig": f"users:\n- name: admin\n  user:\n    token: {SECRET}\n    client-key-data: {b64(KEY)}\n",
    "dsn in base64": f"DATABASE_URL: {b64(f'postgresql://app:{SECRET}@db/pay')}",
    "netrc": f"machine db.example.com login app password {SECRET}",
    "chinese": f"数据库密码：{SECRET}",
}


def everything(folder: Path, lines: list[dict]) -> str:  # type: ignore[type-arg]
    incident = incident_of(folder, lines)
    data = built(incident, own_rules(), installed())
    parts = [as_yaml(data), json.dumps(list(explained(incident)), ensure_ascii=False)]
    parts += [text for event in incident.record.events for text in event.texts()]
    return "\n".join(parts)


def forms(secret: str) -> list[str]:
    inner = [b64("x" * shift + secret)[4 if shift else 0 : -6] for shift in range(3)]
    return [secret, quote(secret, safe=""), *inner]


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_of_a_command_is_gone_everywhere(place: str, tmp_path: Path) -> None:
    tail = [
        *did("cat notes.py", f"it was {SECRET}, {quote(SECRET, safe='')}, {b64('a' + SECRET + 'b')}, {b64(SECRET)}")
    ]
    text = everything(tmp_path, [*leak(), *did(PLACES[place], "ok"), *tail])
    assert not [form for form in forms(SECRET) if form in text]


@pytest.mark.parametrize("place", PRINTED)
def test_a_secret_of_an_output_is_gone_everywhere(place: str, tmp_path: Path) -> None:
    text = everything(
        tmp_path, [*leak(), *did("kubectl get secret db -o yaml", PRINTED[place]), *person(f"so {SECRET}?")]
    )
    assert not [form for form in forms(SECRET) if form in text]


def test_a_private_key_is_gone_and_so_are_its_lines(tmp_path: Path) -> None:
    line = KEY.splitlines()[1]
    text = everything(tmp_path, [*leak(), *did("cat key.py", KEY), *did("cat key.py | head -2", f"the line {line}")])
    assert line not in text and b64(KEY)[:40] not in text


def test_a_secret_that_is_split_over_blocks_is_joined_and_gone(tmp_path: Path) -> None:
    blocks = [{"type": "text", "text": f"DB_PASSWORD={SECRET[:7]}"}, {"type": "text", "text": f"{SECRET[7:]}\n"}]
    assert SECRET not in everything(tmp_path, [*leak(), *did("env", blocks), *person(f"it is {SECRET}")])


def test_a_secret_broken_over_lines_is_gone() -> None:
    scrubber = Scrubber()
    long = "sup3r-long-secret-that-a-terminal-wraps"
    scrubber.learn(f"TOKEN={long}")
    assert "wraps" not in scrubber.scrub(f"saw {long[:20]}\n{long[20:]} there")


@pytest.mark.parametrize(
    "text", ["secretName: payments-db", "max_tokens=4096", "token: missing", "the password is required"]
)
def test_what_only_names_a_secret_is_not_hunted(text: str) -> None:
    scrubber = Scrubber()
    scrubber.learn(text)
    assert scrubber.secrets == 0


def test_a_service_that_a_kubernetes_secret_names_is_kept() -> None:
    scrubber = Scrubber()
    scrubber.learn(f"kind: Secret\ndata:\n  username: {b64('payments-api')}\n")
    assert scrubber.scrub("payments-api is down") == "payments-api is down"
