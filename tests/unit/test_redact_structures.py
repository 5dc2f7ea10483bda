"""Secrets in values of JSON, in the options of tools, and in what a journal repeats; and what is none stays."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from leakdoc.cli.mcp_words import inert_all
from leakdoc.model.journal import EventType
from leakdoc.playbook.journal.writing import JournalFile
from leakdoc.redact import without_secrets
from leakdoc.redact.structures import without_secrets_inside

SECRET = "Zx9kQ2vLw7Rt"
DISGUISED = (SECRET, *(base64.b64encode(b"x" * shift + SECRET.encode()).decode()[4:14] for shift in range(3)))


def told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    "value",
    [
        {"password": SECRET},
        {"db": {"auth": {"password": SECRET}}, "log": f"used {SECRET} here"},
        {"passwords": [SECRET, f"{SECRET}2"]},
        {"secrets": {"db": SECRET, "mq": f"{SECRET}3"}},
        {"credentials": {"user": "app", "pass": SECRET}},
        {"name": "DB_PASSWORD", "value": SECRET},
        {"headers": {"Cookie": f"sid={SECRET}{SECRET}", "Authorization": f"Bearer {SECRET}{SECRET}"}},
        {"output": ["pass", "word=", SECRET[:6], SECRET[6:]]},
        {"output": base64.b64encode(f"ab{SECRET}".encode()).decode(), "token": SECRET},
        {"stdout": json.dumps(json.dumps({"password": SECRET}))},
        {SECRET: "x", "token": SECRET},
        ["mysql", "-u", "root", f"-p{SECRET}"],
        ["redis-cli", "-a", SECRET, "ping"],
        ["sshpass", "-p", SECRET, "ssh", "host"],
        ["curl", "-u", f"bob:{SECRET}", "https://x.example"],
        ["docker", "login", "-u", "a", "-p", SECRET],
        ["kubectl", "create", "secret", "generic", "x", "--from-literal", f"k={SECRET}"],
    ],
)
def test_a_value_holds_no_secret_and_the_same_value_gives_the_same_answer(value: Any) -> None:
    cleaned = without_secrets_inside(value)
    assert not [each for each in DISGUISED if each in told(cleaned)]
    assert SECRET[:6] not in told(cleaned)
    assert without_secrets_inside(value) == cleaned == without_secrets_inside(cleaned)


@pytest.mark.parametrize(
    "value",
    [
        {"decision": "leaking", "reason": "the token bucket is empty", "tokens": 5, "password": None},
        {"db_dsn": "env:PGDSN", "token": "file:/run/x"},
        {"revision": "sha256:" + "ab12" * 16, "commit": "3f9c2ab1"},
        {"pass": "passed", "auth": "none", "secret_name": "tls", "auth_method": "basic"},
        ["docker", "run", "-p", "8080:80", "nginx"],
        ["mysql", "-h", "x", "-P", "3306", "-u", "app", "db"],
        ["ssh", "-p", "2222", "host"],
        ["py-spy", "dump", "--pid", "17"],
    ],
)
def test_what_is_no_secret_stays(value: Any) -> None:
    assert without_secrets_inside(value) == value


@pytest.mark.parametrize(
    "text",
    [
        f"keytool -list -storepass {SECRET}",
        f"ssh-keygen -N {SECRET} -f k",
        f"oc login -u a -p {SECRET} h",
        f"chpasswd <<< 'root:{SECRET}'",
        f"curl -E cert.pem:{SECRET} https://x.example",
        f"u:{SECRET}@tcp(127.0.0.1:3306)/orders",
        f"ACL SETUSER bob on >{SECRET} ~*",
        f"mosquitto_pub -u a -P {SECRET} -t x",
        f"pulumi config set --secret dbPassword {SECRET}",
        f'<property name="password" value="{SECRET}"/>',
        f'variable "db_password" {{\n  default = "{SECRET}"\n}}',
        f"os.environ['DB_PASSWORD'] = '{SECRET}'",
        f"ENV MYSQL_ROOT_PASSWORD {SECRET}",
        f"password%3D{SECRET}",
        f"//npm.example.com/:_authToken={SECRET}",
        f"stats auth admin:{SECRET}",
        base64.b64encode(f"password={SECRET}".encode()).decode(),
    ],
)
def test_a_text_that_stands_alone_holds_none(text: str) -> None:
    cleaned = without_secrets(text)
    assert not [each for each in DISGUISED if each in cleaned]
    assert without_secrets(cleaned) == cleaned


def test_a_journal_repeats_no_secret_that_an_earlier_event_held(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalFile(path, lambda: 1_773_112_320.0) as journal:
        journal.append(EventType.RUN_STARTED, "r", inputs={"params": {"token": SECRET}})
        journal.append(EventType.NOTE, "r", choice=f"we used {SECRET}")
        encoded = base64.b64encode(f"x{SECRET}".encode()).decode()
        journal.append(EventType.STEP_RESULT, "r", step="a", attempt=1, outputs={"output": encoded}, reason=SECRET)
        journal.append(EventType.GUARD_SAMPLE, "r", outputs={"memory": [1, 2], "said": f"{SECRET[:12]}!"})
    assert not [each for each in DISGUISED if each in path.read_text()]


def test_an_answer_over_mcp_holds_none() -> None:
    assert SECRET not in told(inert_all({"outputs": {"password": SECRET, "argv": ["redis-cli", "-a", SECRET]}}))
